// One purchase is one order, whichever way it goes and however often it is repeated: the key is
// the device's, made once.
import type { Page, Request } from '@playwright/test'
import { expect, openWindow, signIn, test, type Demo } from './harness'

test.use({ demoOptions: { env: { SPEC: 'purchase' } } })

interface Orders {
  data: { id: string }[]
}

/** Keeps the keys of the `buy` frames that the page sends; `swallow` lets none of them out. */
async function tapLanes(page: Page, swallow: boolean): Promise<() => Promise<string[]>> {
  await page.addInitScript((swallow) => {
    const keys: string[] = []
    Object.assign(window, { buyKeys: keys })
    const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: string) => void
    RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
      const frame = JSON.parse(String(data)) as { t: string; d: { key: string } }
      if (frame.t === 'buy') keys.push(frame.d.key)
      if (frame.t !== 'buy' || !swallow) send.call(this, String(data))
    } as RTCDataChannel['send']
  }, swallow)
  return () => page.evaluate(() => (window as unknown as { buyKeys: string[] }).buyKeys)
}

/** Opens the show as a buyer whose lanes know them, and presses up to the order. */
async function order(page: Page, demo: Demo, account: number): Promise<void> {
  await signIn(page, demo, demo.account('buyer', account))
  const known = page.waitForFunction(() => (window as unknown as { soukSession?: boolean }).soukSession)
  await page.addInitScript(() => {
    const listen = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'onmessage')
    if (!listen?.set) return
    Object.defineProperty(RTCDataChannel.prototype, 'onmessage', {
      ...listen,
      set(this: RTCDataChannel, handler: (event: MessageEvent) => void) {
        listen.set?.call(this, (event: MessageEvent) => {
          handler.call(this, event)
          const text = typeof event.data === 'string' ? event.data : new TextDecoder().decode(event.data as ArrayBuffer)
          if (text.includes('"t":"session"') && text.includes('"usr_')) Object.assign(window, { soukSession: true })
        })
      },
    })
  })
  await page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
  await known
  await page.getByTestId('pinned').getByRole('button', { name: /^Buy/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /Hold and pay/ }).click()
}

const isOrder = (request: Request): boolean => request.method() === 'POST' && new URL(request.url()).pathname === '/api/orders'
const held = async (page: Page): Promise<void> => expect(page.getByRole('dialog').getByRole('timer')).toBeVisible()

async function orders(demo: Demo, account: number): Promise<number> {
  const token = await demo.token(demo.account('buyer', account))
  return ((await demo.api('/api/orders', { token })) as Orders).data.length
}

test('a purchase goes by the shop lane', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 390, height: 844 })
  const posts: Request[] = []
  page.on('request', (request) => isOrder(request) && posts.push(request))
  const keys = await tapLanes(page, false)
  const before = await orders(demo, 0)
  await order(page, demo, 0)
  await held(page)
  expect(await keys()).toHaveLength(1)
  expect(posts).toHaveLength(0)
  expect(await orders(demo, 0)).toBe(before + 1)
  await context.close()
})

test('when the lane is silent and HTTP fails, the repeat has the same key and makes one order', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 390, height: 844 })
  const posted: (string | null)[] = []
  const keys = await tapLanes(page, true)
  let lost = false
  await page.route('**/api/orders', async (route) => {
    if (!isOrder(route.request())) return route.continue()
    posted.push(await route.request().headerValue('idempotency-key'))
    if (lost) return route.continue()
    // The server gets the order, its answer gets lost.
    lost = true
    await route.fetch()
    await route.abort()
  })
  const before = await orders(demo, 1)
  await order(page, demo, 1)
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByRole('alert')).toContainText('cannot be reached')
  await expect(sheet.getByRole('button', { name: 'One more' })).toBeDisabled()
  expect(await orders(demo, 1)).toBe(before + 1)

  // Even a reload of the page keeps the key.
  await page.reload()
  await page.getByTestId('pinned').getByRole('button', { name: /^Buy/ }).click()
  await sheet.getByRole('button', { name: /Hold and pay/ }).click()
  await held(page)
  expect(new Set([...posted, ...(await keys())]).size).toBe(1)
  expect(posted).toHaveLength(2)
  expect(await orders(demo, 1)).toBe(before + 1)
  await context.close()
})
