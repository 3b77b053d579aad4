// A host goes live from the browser's camera and ends: the demo's loop comes back, and the stream
// key that an encoder was given still opens the stream.
import { type Demo, decoded, expect, openWindow, signIn, test, until, watchPeers } from './harness'

/** The loop's clip is a portrait picture, the fake camera's a landscape one. */
const LOOP_BACK_MS = 40_000

/** What WHIP says to a key that brings nothing to publish: 400 about the offer, or 401 about the key. */
async function knocked(demo: Demo, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/sdp' }
  return (await fetch(demo.ready.whip, { method: 'POST', headers, body: 'no offer' })).status
}

test('the camera gives the stream back to the loop, and the key stays good', async ({ demo, browser }) => {
  const viewer = await openWindow(browser, { width: 390, height: 844 })
  await watchPeers(viewer.page)
  await viewer.page.goto(demo.ready.watch_url)
  await until(() => decoded(viewer.page), (now) => now.height > now.width && now.framesDecoded > 0)

  const host = await openWindow(browser, { width: 1280, height: 800 })
  await signIn(host.page, demo, demo.account('host'))
  await host.page.goto(demo.url(`/studio/${demo.ready.stream_id}`))
  await host.page.getByRole('button', { name: 'Turn camera on' }).click()
  await host.page.getByRole('button', { name: 'Go live' }).click()
  await expect(host.page.getByText('You are on air')).toBeAttached()
  await until(() => decoded(viewer.page), (now) => now.width > now.height, LOOP_BACK_MS)
  await host.page.getByRole('button', { name: 'Stop' }).click()

  const back = await until(() => decoded(viewer.page), (now) => now.height > now.width, LOOP_BACK_MS)
  await until(() => decoded(viewer.page), (now) => now.framesDecoded > back.value.framesDecoded + 15)
  console.log(`the loop's picture is back ${back.ms} ms after the camera stopped`)
  expect(back.value.connections).toBe(1)
  expect(await knocked(demo, demo.ready.stream_key)).toBe(400)
  expect(await knocked(demo, `${demo.ready.stream_key.slice(0, -1)}-`)).toBe(401)
  await host.context.close()
  await viewer.context.close()
})
