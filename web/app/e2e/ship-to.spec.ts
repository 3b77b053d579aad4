// Where an order goes: the server's refusals stand at their fields, a kept address is offered next
// time.
import { expect, openWindow, signIn, test, type Demo } from './harness'

test.use({ demoOptions: { flags: ['--no-broadcast'], env: { SPEC: 'ship-to' } } })

/** Orders one piece of whatever the shop has, and returns the order's id. */
async function ordered(demo: Demo, token: string, key: string): Promise<string> {
  const host = await demo.token(demo.account('host'))
  const cards = (await demo.api(`/api/streams/${demo.ready.stream_id}/cards`, { token: host })) as { data: { product: { id: string } }[] }
  const product = (await demo.api(`/api/products/${cards.data[0]?.product.id}`)) as { variants: { id: string }[] }
  const body = { items: [{ variant_id: product.variants[0]?.id, quantity: 1 }] }
  const made = (await demo.api('/api/orders', { method: 'POST', token, body, headers: { 'idempotency-key': key } })) as { orders: { id: string }[] }
  return made.orders[0]?.id ?? ''
}

test('an address is checked at its fields, kept, and offered for the next order', async ({ demo, browser }) => {
  const token = await demo.token(demo.account('buyer'))
  const [first, second] = [await ordered(demo, token, 'ship-to-order-first'), await ordered(demo, token, 'ship-to-order-second')]
  const { context, page } = await openWindow(browser, { width: 390, height: 844 })
  await signIn(page, demo, demo.account('buyer'))
  await page.goto(demo.url(`/orders/${first}`))
  await page.getByRole('button', { name: 'Add an address' }).click()
  await page.getByLabel('Recipient').fill('Kim Mina')
  await page.getByLabel('Street and number').fill('1 Teheran-ro')
  await page.getByLabel('Phone').fill('12')
  await page.getByLabel('Postcode').fill('12')
  await page.getByRole('button', { name: 'Deliver here' }).click()
  await expect(page.getByLabel('Phone')).toBeFocused()
  await expect(page.getByLabel('Phone')).toHaveAccessibleDescription(/such as 010-1234-5678/)
  await expect(page.getByLabel('Postcode')).toHaveAccessibleDescription(/five digits/)
  await page.getByLabel('Phone').fill('010-1234-5678')
  await page.getByLabel('Postcode').fill('06236')
  await page.getByLabel('Keep it in my account').check()
  await page.getByRole('button', { name: 'Deliver here' }).click()
  await expect(page.getByTestId('ship-to')).toContainText('(06236) 1 Teheran-ro')
  expect(await demo.api(`/api/orders/${first}/ship-to`, { token })).toMatchObject({ recipient: 'Kim Mina', country: 'KR', postcode: '06236' })

  await page.goto(demo.url(`/orders/${second}`))
  await page.getByRole('button', { name: 'Add an address' }).click()
  await expect(page.getByRole('radio', { name: /Kim Mina/ })).toBeChecked()
  await page.getByRole('button', { name: 'Deliver here' }).click()
  await expect(page.getByRole('button', { name: 'Change: Delivery address' })).toBeVisible()
  expect(await demo.api(`/api/orders/${second}/ship-to`, { token })).toMatchObject({ recipient: 'Kim Mina' })
  await context.close()
})
