// When media cannot come, the room comes by its socket: people still see, talk and buy.
import { expect, openWindow, signIn, test } from './harness'
import { shot } from './stamps'

test('without media the socket carries the room, its chat and its purchases', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 390, height: 844 })
  await context.route('**/whep/**', (route) => route.abort())
  await signIn(page, demo, demo.account('buyer'))
  await page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
  await expect(page.getByTestId('pinned')).toBeVisible()
  await expect(page.getByText('The server cannot be reached.')).toBeVisible()

  const said = `by socket ${Date.now()}`
  await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled()
  await page.getByRole('textbox', { name: 'Say something' }).fill(said)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('chat').getByText(said)).toBeVisible()

  await page.getByRole('button', { name: /^Products of this show/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Buy/ }).nth(1).click()
  await page.getByRole('dialog').getByRole('button', { name: /Hold and pay/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Pay ₩/ }).click()
  await expect(page.getByTestId('receipt')).toBeVisible()
  await page.screenshot({ path: shot('fallback') })
  await context.close()
})

test('the keyboard alone opens, walks and leaves the sheet', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 1280, height: 800 })
  await page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
  await expect(page.getByTestId('pinned').getByRole('button', { name: /^Buy/ })).toBeEnabled()
  await page.keyboard.press('b')
  const sheet = page.getByRole('dialog')
  await expect(sheet).toBeVisible()
  for (let turn = 0; turn < 12; turn += 1) {
    await page.keyboard.press('Tab')
    // The focus may leave for the browser's own controls, never for the page behind the sheet.
    const where = await page.evaluate(() => (document.activeElement === document.body ? 'outside the page' : document.activeElement?.closest('dialog') ? 'sheet' : 'behind'))
    expect(where).not.toBe('behind')
  }
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  await page.keyboard.press('m')
  await expect.poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.muted)).toBe(false)
  await context.close()
})
