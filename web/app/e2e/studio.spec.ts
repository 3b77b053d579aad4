// A host goes live from the browser's camera and runs the shop; a viewer sees each step.
import { decoded, expect, openWindow, signIn, test, until, watchPeers } from './harness'
import { shot, sight, stampedClick } from './stamps'

// A demo of its own: it pins and unpins what the other tests look at.
test.use({ demoOptions: { env: { SPEC: 'studio' } } })

test('the host goes live, pins, changes stock, unpins; a viewer sees each', async ({ demo, browser }) => {
  const viewer = await openWindow(browser, { width: 390, height: 844 })
  await watchPeers(viewer.page)
  await viewer.page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
  const loop = await until(() => decoded(viewer.page), (now) => now.framesDecoded > 0)

  const host = await openWindow(browser, { width: 1280, height: 800 })
  await signIn(host.page, demo, demo.account('host'))
  await host.page.goto(demo.url(`/studio/${demo.ready.stream_id}`))
  await host.page.getByRole('button', { name: 'Turn camera on' }).click()
  const live = host.page.getByRole('button', { name: 'Go live' })
  await expect(live).toBeEnabled()
  const pressed = await stampedClick(host.page, live)
  await expect(host.page.getByText('You are on air')).toBeAttached()

  // The fake camera is a landscape picture; the loop before it was a portrait one.
  const taken = await until(() => decoded(viewer.page), (now) => now.width > now.height && now.framesDecoded > loop.value.framesDecoded, 40_000)
  console.log(`the host's picture is seen ${Math.round(Date.now() - pressed)} ms after Go live`)
  expect(taken.value.connections).toBe(1)
  await until(() => decoded(viewer.page), (now) => now.framesDecoded > taken.value.framesDecoded + 20 && now.audioSamples > taken.value.audioSamples + 20_000)
  await viewer.page.screenshot({ path: shot('studio-1-viewer-of-camera') })
  await host.page.screenshot({ path: shot('studio-2-host') })

  const row = host.page.getByTestId('card-3')
  const name = ((await row.locator('p').first().textContent()) ?? '').replace(/^No\. 3/, '').trim()
  expect(name).not.toBe('')
  const pinned = sight(viewer.page, '[data-testid=pinned-name]', name)
  const pinPressed = await stampedClick(host.page, row.getByRole('button', { name: `Pin: ${name}` }))
  const pinMs = Math.round((await pinned) - pinPressed)
  await expect(row.getByText(/Pinned · \d+ ms/)).toBeVisible()

  const stock = viewer.page.getByTestId('pinned').getByTestId('stock')
  const before = Number.parseInt((await stock.textContent()) ?? '', 10)
  expect(before).toBeGreaterThan(0)
  const changed = sight(viewer.page, '[data-testid=pinned] [data-testid=stock]', `${before + 10} left`)
  const stockPressed = await stampedClick(host.page, host.page.getByRole('button', { name: `Add 10 to ${name}` }))
  const stockMs = Math.round((await changed) - stockPressed)
  await expect(viewer.page.getByTestId('pinned').getByText('10 added')).toBeVisible()
  await viewer.page.screenshot({ path: shot('studio-3-viewer-stock') })
  await host.page.getByRole('button', { name: `Take 10 from ${name}` }).click()
  await expect(stock).toHaveText(`${before} left`)

  const gone = sight(viewer.page, '[data-testid=pinned]:not(.card-leave-active)', null)
  const unpinPressed = await stampedClick(host.page, row.getByRole('button', { name: `Unpin: ${name}` }))
  const unpinMs = Math.round((await gone) - unpinPressed)
  console.log(`seen by the viewer after: pin ${pinMs} ms, stock ${stockMs} ms, unpin ${unpinMs} ms`)

  await host.page.getByRole('button', { name: 'Stop' }).click()
  await expect(host.page.getByRole('button', { name: 'Go live' })).toBeVisible()
  await host.context.close()
  await viewer.context.close()
})

test('a new host opens a shop, a show, a product and a sale', async ({ demo, browser }) => {
  const { context, page } = await openWindow(browser, { width: 1280, height: 800 })
  await page.goto(demo.url('/register?next=/studio'))
  await page.getByLabel('Display name').fill('Newcomer')
  await page.getByLabel('E-mail').fill(`newcomer-${Date.now()}@souk.test`)
  await page.getByLabel('Password').fill('a long enough secret')
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await page.getByLabel('Name of your shop').fill('Corner shop')
  await page.getByRole('button', { name: 'Open the shop' }).click()
  await page.getByLabel('Title of the show').fill('First show')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'First show' })).toBeVisible()

  await page.getByText('Add product').click()
  await page.getByLabel('Name (Korean)').fill('첫 상품')
  await page.getByLabel('Name (English)').fill('First product')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(page.getByTestId('card-1')).toContainText('First product')

  await page.getByText('New sale').click()
  await page.getByRole('checkbox', { name: 'Sell First product in this sale' }).check()
  await page.getByLabel('Sale price (₩)').fill('9900')
  await page.getByLabel('Units').fill('5')
  await page.getByRole('button', { name: 'Create sale' }).click()
  await expect(page.getByTestId('sale-state')).toHaveText('Draft')
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await expect(page.getByTestId('sale-state')).toHaveText('Open')
  await expect(page.getByTestId('stock')).toHaveText('5 left')
  await page.getByRole('button', { name: 'Pin: First product' }).click()
  await expect(page.getByTestId('card-1').getByText(/Pinned/)).toBeVisible()

  await page.getByRole('tab', { name: 'OBS or FFmpeg' }).click()
  await expect(page.getByTestId('whip-url')).toHaveText(/\/whip$/)
  page.once('dialog', (dialog) => void dialog.accept())
  await page.getByRole('button', { name: 'New key' }).click()
  await expect(page.getByTestId('stream-key')).toHaveText(/\S{20,}/)
  await page.screenshot({ path: shot('studio-4-new-shop') })

  // A viewer of a show that is not live is told so, and sees the shop.
  const stream = new URL(page.url()).pathname.split('/').at(-1) ?? ''
  const viewer = await openWindow(browser, { width: 390, height: 844 })
  await viewer.page.goto(demo.url(`/watch/${stream}`))
  await expect(viewer.page.getByText('Nothing is on air yet')).toBeVisible()
  await expect(viewer.page.getByTestId('pinned')).toContainText('First product')
  await viewer.page.screenshot({ path: shot('studio-5-not-live') })

  // And it starts there by itself when the host goes live from the camera.
  await watchPeers(viewer.page)
  await viewer.page.reload()
  await expect(viewer.page.getByText('Nothing is on air yet')).toBeVisible()
  await page.getByRole('tab', { name: 'Camera' }).click()
  await page.getByRole('button', { name: 'Turn camera on' }).click()
  await page.getByRole('button', { name: 'Go live' }).click()
  const started = await until(() => decoded(viewer.page), (now) => now.framesDecoded > 10 && now.audioSamples > 10_000)
  console.log(`a waiting viewer sees the first pictures ${started.ms} ms after Go live`)
  await expect(viewer.page.getByText('Nothing is on air yet')).toBeHidden()
  page.once('dialog', (dialog) => void dialog.accept())
  await page.getByRole('button', { name: 'End show' }).click()
  await expect(viewer.page.getByText('This show has ended')).toBeVisible()
  await viewer.page.screenshot({ path: shot('studio-6-ended') })
  await viewer.context.close()
  await context.close()
})
