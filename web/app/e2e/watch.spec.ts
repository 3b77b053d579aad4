// A viewer finds the broadcast, watches it with sound, talks, buys and has the order.
import type { Page } from '@playwright/test'
import { decoded, expect, openWindow, signIn, test, until, watchPeers, type Demo } from './harness'
import { shot } from './stamps'

interface Room {
  d: {
    stream: { title: string }
    shop: {
      pinned?: string
      cards: { id: string; product: { id: string; title: { en: string } } }[]
      sale?: { items: { product_id: string; price: { amount: number } }[] }
      stock: { product_id: string; available: number }[]
    }
  }
}

interface Orders {
  data: { number: string; status: string; total: { amount: number } }[]
}

const SIZES = [
  { name: 'phone', size: { width: 390, height: 844 }, buyer: 0, friend: 1 },
  { name: 'desktop', size: { width: 1280, height: 800 }, buyer: 1, friend: 0 },
]

/** What the room's snapshot says of the pinned product. */
async function onNow(demo: Demo): Promise<{ title: string; name: string; price: number; available: number }> {
  const { d } = (await demo.api(`/api/streams/${demo.ready.stream_id}/room`)) as Room
  const card = d.shop.cards.find((each) => each.id === d.shop.pinned)
  const product = card?.product.id
  return {
    title: d.stream.title,
    name: card?.product.title.en ?? '',
    price: d.shop.sale?.items.find((item) => item.product_id === product)?.price.amount ?? 0,
    available: d.shop.stock.find((level) => level.product_id === product)?.available ?? -1,
  }
}

const won = (amount: number): string => `₩${amount.toLocaleString('en-US')}`

async function say(page: Page, body: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Say something' }).fill(body)
  await page.getByRole('button', { name: 'Send' }).click()
}

for (const { name, size, buyer, friend } of SIZES) {
  test(`${name}: find, watch, chat, buy`, async ({ demo, browser }) => {
    const { context, page } = await openWindow(browser, size)
    await watchPeers(page)
    const before = await onNow(demo)

    await page.goto(demo.url('/'))
    const tile = page.getByRole('link', { name: `Watch ${before.title}` })
    await expect(tile).toBeVisible()
    await page.screenshot({ path: shot(`${name}-1-home`) })

    await tile.click()
    const first = await until(() => decoded(page), (now) => now.framesDecoded > 0 && now.audioSamples > 0)
    console.log(`${name}: first decoded picture and sound ${first.ms} ms after the click`)
    const rising = await until(() => decoded(page), (now) => now.framesDecoded > first.value.framesDecoded + 20 && now.audioSamples > first.value.audioSamples + 20_000)
    expect(rising.value.connections).toBe(1)
    await expect.poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth * Number(!video.paused))).toBeGreaterThan(0)

    const card = page.getByTestId('pinned')
    await expect(card.getByTestId('pinned-name')).toHaveText(before.name)
    await expect(card.getByTestId('price')).toContainText(won(before.price))
    await expect(card.getByTestId('stock')).toHaveText(`${before.available} left`)
    await page.screenshot({ path: shot(`${name}-2-watch`) })
    await page.getByRole('button', { name: 'Tap for sound' }).click()
    await expect.poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.muted)).toBe(false)

    // A guest presses Buy, signs in inside the sheet, and goes on from there.
    await card.getByRole('button', { name: /^Buy/ }).click()
    const sheet = page.getByRole('dialog')
    await expect(sheet.getByText(before.name)).toBeVisible()
    await sheet.evaluate((dialog) => Promise.all(dialog.getAnimations().map((animation) => animation.finished)))
    await page.screenshot({ path: shot(`${name}-3-buy`) })
    await sheet.getByRole('button', { name: /Hold and pay/ }).click()
    const account = demo.account('buyer', buyer)
    await sheet.getByLabel('E-mail').fill(account.email)
    await sheet.getByLabel('Password').fill(account.password)
    await page.screenshot({ path: shot(`${name}-4-sign-in`) })
    await sheet.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(sheet.getByRole('timer')).toContainText(/Held for 0\d:\d\d/)
    await page.screenshot({ path: shot(`${name}-5-held`) })

    // A declined payment leaves the hold; the second answer pays.
    await sheet.getByRole('button', { name: 'Decline' }).click()
    await expect(sheet.getByRole('alert')).toContainText('declined')
    await sheet.getByRole('button', { name: /^Pay ₩/ }).click()
    await expect(page.getByTestId('receipt')).toBeVisible()
    const number = (await page.getByTestId('order-number').textContent()) ?? ''
    expect(number).toMatch(/^\d{8}-[0-9A-Z]{6}$/)
    await page.screenshot({ path: shot(`${name}-6-receipt`) })

    const token = await demo.token(account)
    const orders = (await demo.api('/api/orders', { token })) as Orders
    expect(orders.data.find((order) => order.number === number)).toMatchObject({ status: 'paid', total: { amount: before.price } })
    await sheet.getByRole('button', { name: 'Keep watching' }).click()
    await expect(card.getByTestId('stock')).toHaveText(`${before.available - 1} left`)

    // Two viewers talk.
    const other = await openWindow(browser, size)
    await signIn(other.page, demo, demo.account('buyer', friend))
    await other.page.goto(demo.url(`/watch/${demo.ready.stream_id}`))
    const there = `hello from ${name} ${Date.now()}`
    await expect(other.page.getByRole('textbox', { name: 'Say something' })).toBeVisible()
    await expect(other.page.getByTestId('pinned')).toBeVisible()
    await say(page, there)
    const heard = await until(() => other.page.getByTestId('chat').getByText(there).count(), (n) => n === 1)
    console.log(`${name}: chat seen by the other viewer ${heard.ms} ms after sending`)
    const back = `and back to ${name} ${Date.now()}`
    await expect(other.page.getByRole('button', { name: 'Send' })).toBeEnabled()
    await say(other.page, back)
    await expect(page.getByTestId('chat').getByText(back)).toBeVisible()
    await expect(page.getByTestId('chat').getByText(there)).toHaveCount(1)
    await page.screenshot({ path: shot(`${name}-7-chat`) })

    await page.goto(demo.url('/orders'))
    await expect(page.getByRole('link', { name: new RegExp(number) })).toBeVisible()
    await page.screenshot({ path: shot(`${name}-8-orders`) })
    await page.getByRole('link', { name: new RegExp(number) }).click()
    await expect(page.getByRole('heading', { name: `Order ${number}` })).toBeVisible()
    await page.screenshot({ path: shot(`${name}-9-order`) })
    await other.context.close()
    await context.close()
  })
}
