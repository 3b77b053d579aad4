// Links in mails, by the demo's mailbox page: an address is confirmed, a forgotten password chosen
// anew. A link's token opens its door once, and stays in no address, history or `Referer`.
import { createHmac } from 'node:crypto'
import type { Browser, Page } from '@playwright/test'
import { expect, openWindow, test, type Demo } from './harness'

test.use({ demoOptions: { flags: ['--no-broadcast'], env: { SPEC: 'accounts' } } })

const PHONE = { width: 390, height: 844 }
const OLD = 'correct horse battery'
const NEW = 'a quite different staple'

/** The link in the newest letter of a subject to an address, as a reader of the mailbox finds it. */
async function linkTo(browser: Browser, demo: Demo, email: string, subject: string): Promise<string> {
  const { context, page } = await openWindow(browser, PHONE)
  let link: string | undefined
  await expect
    .poll(async () => {
      await page.goto(demo.url('/demo/mailbox'))
      const letters = page.getByRole('article').filter({ hasText: email }).filter({ hasText: subject })
      link = (await letters.count()) > 0 ? /https?:\/\/\S+#\S+/.exec(await letters.first().innerText())?.[0] : undefined
      return link
    })
    .toBeDefined()
  await context.close()
  return link ?? ''
}

/** Keeps every address and `Referer` that a page sends. */
function overhear(page: Page): string[] {
  const heard: string[] = []
  page.on('request', (request) => heard.push(request.url(), request.headers()['referer'] ?? ''))
  return heard
}

async function registered(demo: Demo, email: string): Promise<void> {
  await demo.api('/api/auth/register', { method: 'POST', body: { email, password: OLD, display_name: 'Mina', locale: 'en' } })
}

async function enter(page: Page, demo: Demo, email: string, password: string): Promise<void> {
  await page.goto(demo.url('/login'))
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
}

test('a new account confirms its address by the link of its mail', async ({ demo, browser }) => {
  const email = 'mina.verify@souk.example'
  const { context, page } = await openWindow(browser, PHONE)
  await page.goto(demo.url('/register'))
  await page.getByLabel('Display name').fill('Mina')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(OLD)
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  const profile = async (): Promise<unknown> => demo.api('/api/users/profile', { token: await demo.token({ email, password: OLD, role: 'buyer' }) })
  expect(await profile()).toMatchObject({ email_verified: false })

  const link = await linkTo(browser, demo, email, 'Please confirm')
  const token = link.split('#')[1] ?? ''
  expect(token.length).toBeGreaterThan(20)
  const heard = overhear(page)
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'Your e-mail address is confirmed' })).toBeFocused()
  expect(new URL(page.url()).hash).toBe('')
  await page.getByRole('link', { name: 'To the shows' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  // What the page itself asks for bears no token; the browser's own line of its first request ends before the `#`.
  expect(heard.filter((each) => each.includes(token) && each !== link)).toEqual([])
  expect(await profile()).toMatchObject({ email_verified: true })
  await page.goBack()
  expect(page.url()).not.toContain(token)

  // To somebody else the used link is of no use, and says what to do.
  const stranger = await openWindow(browser, PHONE)
  await stranger.page.goto(link)
  await expect(stranger.page.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible()
  await expect(stranger.page.getByRole('link', { name: 'Sign in for a new mail' })).toBeVisible()
  await stranger.context.close()
  await context.close()
})

test('a forgotten password is chosen anew, and the old one opens nothing', async ({ demo, browser }) => {
  const email = 'mina.forgets@souk.example'
  await registered(demo, email)
  const { context, page } = await openWindow(browser, PHONE)

  // Whether an address has an account does not show.
  const said: string[] = []
  for (const asked of ['nobody@souk.example', email]) {
    await page.goto(demo.url('/login'))
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('E-mail').fill(asked)
    await page.getByRole('button', { name: 'Send the link' }).click()
    await expect(page.getByRole('heading', { name: 'Look into your mailbox' })).toBeFocused()
    said.push((await page.getByRole('main').innerText()).replace(asked, '…'))
  }
  expect(said[0]).toBe(said[1])

  const link = await linkTo(browser, demo, email, 'Choose a new password')
  const token = link.split('#')[1] ?? ''
  const heard = overhear(page)
  await page.goto(link)
  await expect(page.getByText('8 to 128 characters')).toBeVisible()
  expect(new URL(page.url()).hash).toBe('')
  const field = page.getByLabel('New password')
  const save = page.getByRole('button', { name: 'Save the password' })
  await field.fill('short')
  await save.click()
  await expect(field).toBeFocused()
  await expect(field).toHaveAccessibleDescription(/At least 8 characters/)
  await field.fill('password')
  await save.click()
  await expect(field).toHaveAccessibleDescription(/Too many people use this/)
  // A refused password does not use the link up.
  await field.fill(NEW)
  await save.click()
  await expect(page.getByRole('heading', { name: 'Your password is changed' })).toBeFocused()
  expect(heard.filter((each) => each.includes(token) && each !== link)).toEqual([])

  await enter(page, demo, email, OLD)
  await expect(page.getByRole('alert')).toContainText('do not match')
  await enter(page, demo, email, NEW)
  await page.waitForURL((url) => url.pathname === '/')

  await page.goto(link)
  await page.getByLabel('New password').fill(`${NEW} again`)
  await page.getByRole('button', { name: 'Save the password' }).click()
  await expect(page.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible()
  await page.getByRole('link', { name: 'Ask for a new link' }).click()
  await expect(page.getByRole('button', { name: 'Send the link' })).toBeVisible()
  await context.close()
})

/** What an authenticator with this secret shows `ahead` seconds from now (RFC 6238). */
function shown(secret: string, ahead: number): string {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor((Date.now() / 1000 + ahead) / 30)))
  const mark = createHmac('sha1', key).update(step).digest()
  const from = (mark.at(-1) ?? 0) & 15
  return ((mark.readUInt32BE(from) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0')
}

test('an account with a second factor signs in by password and code', async ({ demo, browser }) => {
  const email = 'mina.code@souk.example'
  await registered(demo, email)
  const token = await demo.token({ email, password: OLD, role: 'buyer' })
  const made = await demo.api('/api/auth/second-factor', { method: 'POST', token, body: { password: OLD } })
  const { secret } = made as { secret: string }
  await demo.api('/api/auth/second-factor/confirm', { method: 'POST', token, body: { code: shown(secret, 0) } })

  const { context, page } = await openWindow(browser, PHONE)
  await enter(page, demo, email, OLD)
  const code = page.getByLabel('Code')
  await expect(code).toBeFocused()
  await code.fill('000000')
  await code.press('Enter')
  await expect(page.getByRole('alert')).toContainText('The code is not right')
  await expect(code).toBeFocused()
  await code.fill(shown(secret, 30))
  await code.press('Enter')
  await page.waitForURL((url) => url.pathname === '/')
  await context.close()
})
