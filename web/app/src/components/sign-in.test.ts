// Signing in to an account with a second factor.
import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { keep } from '@/api/token'
import LoginPage from '@/pages/LoginPage.vue'
import { openPage, refused, serve, type Opened } from '@/testing/page'

const LOGIN = 'POST /api/auth/login'
const user = { id: 'usr_1', email: 'mina@souk.example', display_name: 'Mina', role: 'user', memberships: [] }
let open: Opened | undefined

afterEach(() => {
  open?.page.unmount()
  keep(null)
  vi.unstubAllGlobals()
})

it('asks for a code when the server does, and for the password of nobody else', async () => {
  serve({ [LOGIN]: refused('second_factor_required', 401) })
  open = await openPage(LoginPage, '/login')
  const { page } = open
  const submit = async (): Promise<void> => {
    await page.get('form').trigger('submit')
    await flushPromises()
  }
  const fields = (): string[] => page.findAll('input').map((input) => input.attributes('autocomplete') ?? '')
  await page.get('[autocomplete=username]').setValue('mina@souk.example')
  await page.get('[autocomplete=current-password]').setValue('correct horse')
  expect(fields()).toEqual(['username', 'current-password'])
  await submit()
  expect(fields()).toEqual(['username', 'current-password', 'one-time-code'])
  expect(page.find('[role=alert]').exists()).toBe(false)
  expect((document.activeElement as HTMLInputElement).autocomplete).toBe('one-time-code')

  let asked = serve({ [LOGIN]: refused('wrong_code', 401) })
  await page.get('[autocomplete=one-time-code]').setValue('000000')
  await submit()
  expect(asked[0]?.body).toEqual({ email: 'mina@souk.example', password: 'correct horse', code: '000000' })
  expect(page.get('[role=alert]').text()).toContain('The code is not right')
  expect((page.get('[autocomplete=one-time-code]').element as HTMLInputElement).value).toBe('')

  await page.get('[autocomplete=username]').setValue('jun@souk.example')
  expect(fields()).toEqual(['username', 'current-password'])
  asked = serve({ [LOGIN]: { status: 200, body: { access_token: 't', expires_in: 600, user } } })
  await submit()
  expect(asked[0]?.body).toEqual({ email: 'jun@souk.example', password: 'correct horse' })
  expect(open.router.currentRoute.value.path).toBe('/')
})
