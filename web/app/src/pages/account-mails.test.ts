// The pages that links of mails lead to, in each of their states.
import { flushPromises, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { keep } from '@/api/token'
import { useSession } from '@/stores/session'
import { openPage, refused, serve, type Opened } from '@/testing/page'
import ForgotPasswordPage from './ForgotPasswordPage.vue'
import ResetPasswordPage from './ResetPasswordPage.vue'
import VerifyEmailPage from './VerifyEmailPage.vue'

const user = { id: 'usr_1', email: 'mina@souk.example', display_name: 'Mina', role: 'user', memberships: [] } as const
let open: Opened | undefined

async function at(...args: Parameters<typeof openPage>): Promise<VueWrapper> {
  open = await openPage(...args)
  return open.page
}

async function submit(page: VueWrapper): Promise<void> {
  await page.get('form').trigger('submit')
  await flushPromises()
}

afterEach(() => {
  open?.page.unmount()
  keep(null)
  vi.unstubAllGlobals()
})

describe('forgetting a password', () => {
  it('says the same for every address, and can be asked again', async () => {
    const asked = serve({ 'POST /api/auth/password/forgot': { status: 202 } })
    const page = await at(ForgotPasswordPage, '/forgot-password')
    await page.get('input').setValue(' nobody@souk.example ')
    await submit(page)
    expect(asked[0]?.body).toEqual({ email: 'nobody@souk.example' })
    expect(page.text()).toContain('If nobody@souk.example belongs to an account')
    expect(document.activeElement?.textContent).toBe('Look into your mailbox')
    await page.get('button').trigger('click')
    expect(page.find('form').exists()).toBe(true)
  })

  it('says what went wrong and keeps what was typed', async () => {
    serve({ 'POST /api/auth/password/forgot': refused('rate_limited', 429) })
    const page = await at(ForgotPasswordPage, '/forgot-password')
    await page.get('input').setValue('mina@souk.example')
    await submit(page)
    expect(page.get('[role=alert]').text()).toContain('Too fast')
    expect((page.get('input').element as HTMLInputElement).value).toBe('mina@souk.example')
  })
})

describe('choosing a new password', () => {
  const RESET = 'POST /api/auth/password/reset'

  it('takes the token out of the address before anything else', async () => {
    const asked = serve({ [RESET]: { status: 204 } })
    const page = await at(ResetPasswordPage, '/reset-password#tok_en')
    expect(open?.router.currentRoute.value.fullPath).toBe('/reset-password')
    expect(page.text()).toContain('8 to 128 characters')
    await page.get('input').setValue('battery staple')
    await submit(page)
    expect(asked.map(({ path, body }) => [path, body])).toEqual([['/api/auth/password/reset', { token: 'tok_en', new_password: 'battery staple' }]])
    expect(document.activeElement?.textContent).toBe('Your password is changed')
    expect(page.get('a').attributes('href')).toBe('/login')
  })

  it('counts characters as the server does, without asking it', async () => {
    const asked = serve({})
    const page = await at(ResetPasswordPage, '/reset-password#tok')
    await page.get('input').setValue('🔑🔑🔑🔑')
    await submit(page)
    expect(asked).toEqual([])
    expect(page.get('input').attributes('aria-invalid')).toBe('true')
    expect(page.text()).toContain('At least 8 characters.')
  })

  it('shows at the field what the server refuses, and tries again with the same token', async () => {
    const asked = serve({ [RESET]: [refused('validation_error', 422, [{ pointer: '/new_password', code: 'common', detail: 'Too many people use this password.' }]), { status: 204 }] })
    const page = await at(ResetPasswordPage, '/reset-password#tok')
    const field = page.get('input')
    await field.setValue('password')
    await submit(page)
    expect(document.activeElement).toBe(field.element)
    expect(page.find('[role=alert]').exists()).toBe(false)
    const said = (field.attributes('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent)
    expect(said.join(' ')).toContain('Too many people use this')
    await field.setValue('battery staple')
    await submit(page)
    expect(asked.map(({ body }) => (body as { token: string }).token)).toEqual(['tok', 'tok'])
    expect(page.text()).toContain('Your password is changed')
  })

  it('leads on from a link that is used or too old, and from none', async () => {
    serve({ [RESET]: refused('token_spent', 410) })
    const page = await at(ResetPasswordPage, '/reset-password#old')
    await page.get('input').setValue('battery staple')
    await submit(page)
    expect(page.text()).toContain('This link does not work any more')
    expect(page.get('a').attributes('href')).toBe('/forgot-password')
    page.unmount()
    const bare = await at(ResetPasswordPage, '/reset-password')
    expect(bare.text()).toContain('Open the link in your mail')
    expect(bare.get('a').attributes('href')).toBe('/forgot-password')
  })

  it('takes a newer link that is opened in the same tab', async () => {
    serve({ [RESET]: refused('token_spent', 410) })
    const page = await at(ResetPasswordPage, '/reset-password#old')
    await page.get('input').setValue('battery staple')
    await submit(page)
    await open?.router.push('/reset-password#new')
    await flushPromises()
    expect(page.find('form').exists()).toBe(true)
    expect(open?.router.currentRoute.value.hash).toBe('')
  })

  it('keeps the form when the server is away', async () => {
    serve({ [RESET]: refused('unavailable', 503) })
    const page = await at(ResetPasswordPage, '/reset-password#tok')
    await page.get('input').setValue('battery staple')
    await submit(page)
    expect(page.get('[role=alert]').text()).toContain('Not available')
    expect(page.find('form').exists()).toBe(true)
  })

  it('can be looked at while it is typed', async () => {
    const page = await at(ResetPasswordPage, '/reset-password#tok')
    expect(page.get('input').attributes('type')).toBe('password')
    await page.get('input[type=checkbox]').setValue(true)
    expect(page.get('input').attributes('type')).toBe('text')
    expect(page.get('input').attributes('autocomplete')).toBe('new-password')
  })
})

describe('confirming an address', () => {
  const VERIFY = 'POST /api/auth/email/verify'
  const signIn = async (): Promise<void> => {
    keep({ access_token: 't', expires_in: 600, user: { ...user, memberships: [] } })
    useSession().known = true
    await flushPromises()
  }

  it('happens by itself, once, and leaves no token in the address', async () => {
    const asked = serve({ [VERIFY]: { status: 204 } })
    const page = await at(VerifyEmailPage, '/verify-email#tok')
    expect(asked.map(({ body }) => body)).toEqual([{ token: 'tok' }])
    expect(open?.router.currentRoute.value.fullPath).toBe('/verify-email')
    expect(document.activeElement?.textContent).toBe('Your e-mail address is confirmed')
    expect(page.text()).not.toContain('tok')
  })

  it('can be tried again when the server is away', async () => {
    serve({ [VERIFY]: [refused('unavailable', 503), { status: 204 }] })
    const page = await at(VerifyEmailPage, '/verify-email#tok')
    await page.get('[role=alert] button').trigger('click')
    await flushPromises()
    expect(page.text()).toContain('is confirmed')
  })

  it('asks a stranger with a used link to sign in for a new mail', async () => {
    serve({ [VERIFY]: refused('token_spent', 410) })
    const page = await at(VerifyEmailPage, '/verify-email#old')
    useSession().known = true
    await flushPromises()
    expect(page.text()).toContain('This link does not work any more')
    expect(page.get('a').attributes('href')).toBe('/login?next=/verify-email')
  })

  it('sends a new mail to who is signed in', async () => {
    const asked = serve({
      [VERIFY]: refused('token_spent', 410),
      'GET /api/users/profile': { status: 200, body: { ...user, email_verified: false } },
      'POST /api/auth/email/resend': [refused('rate_limited', 429), { status: 202 }],
    })
    const page = await at(VerifyEmailPage, '/verify-email#old')
    await signIn()
    await page.get('button').trigger('click')
    await flushPromises()
    expect(page.get('[role=alert]').text()).toContain('Too fast')
    await page.get('button').trigger('click')
    await flushPromises()
    expect(page.get('[role=status]').text()).toBe('A new mail is on its way to mina@souk.example.')
    expect(asked.filter(({ path }) => path === '/api/auth/email/resend')).toHaveLength(2)
  })

  it('says so when the address of who is signed in needs nothing', async () => {
    serve({ 'GET /api/users/profile': { status: 200, body: { ...user, email_verified: true } } })
    const page = await at(VerifyEmailPage, '/verify-email')
    expect(page.text()).toContain('Open the link in your mail')
    await signIn()
    expect(page.text()).toContain('mina@souk.example is confirmed.')
  })
})
