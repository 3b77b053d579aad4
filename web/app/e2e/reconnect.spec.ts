// What a viewer's page does when its connection is not as it should be: it finds another way, and
// it comes back by itself.
import { decoded, expect, openWindow, signIn, test, until, watchPeers } from './harness'

test.use({ demoOptions: { env: { SPEC: 'reconnect' } } })

test('when the lanes do not open, the picture plays and the room comes by the socket', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 390, height: 844 })
  // Channels of a connection that is never made: the real one has no data section, as that of a
  // plain WHEP player.
  await page.addInitScript(() => {
    const nowhere = new RTCPeerConnection()
    const create = RTCPeerConnection.prototype.createDataChannel
    RTCPeerConnection.prototype.createDataChannel = (label, options) => create.call(nowhere, label, options)
  })
  await watchPeers(page)
  await signIn(page, demo, demo.account('buyer'))
  await page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
  await until(() => decoded(page), (now) => now.framesDecoded > 10)
  await expect(page.getByText('Backup connection')).toBeVisible()
  const said = `no lanes ${Date.now()}`
  await page.getByRole('textbox', { name: 'Say something' }).fill(said)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('chat').getByText(said)).toBeVisible()
  await context.close()
})

test('after a crash of the server the page has picture, room and session again', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 390, height: 844 })
  await watchPeers(page)
  await signIn(page, demo, demo.account('buyer', 1))
  await page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
  const before = await until(() => decoded(page), (now) => now.framesDecoded > 10)
  await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled()

  await demo.crash(1500)
  const back = await until(() => decoded(page), (now) => now.connections > before.value.connections && now.width > 0 && now.framesDecoded > 30, 60_000)
  console.log(`picture again ${back.ms} ms after the server was back`)
  await expect(page.getByText('Reconnecting')).toBeHidden()

  const said = `still here ${Date.now()}`
  await page.getByRole('textbox', { name: 'Say something' }).fill(said)
  await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled()
  await expect(async () => {
    if (await page.getByRole('textbox', { name: 'Say something' }).inputValue()) await page.keyboard.press('Enter')
    await expect(page.getByTestId('chat').getByText(said)).toHaveCount(1, { timeout: 2000 })
  }).toPass()
  await page.getByTestId('pinned').getByRole('button', { name: /^Buy/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /Hold and pay/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Pay ₩/ }).click()
  await expect(page.getByTestId('receipt')).toBeVisible()
  await context.close()
})
