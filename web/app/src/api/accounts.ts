// Accounts: sign in, register, sign out.
import { call } from './http'
import { keep, signed, type Signed } from './token'

async function sign(path: string, body: unknown): Promise<Signed> {
  const answer = signed(await call(path, { method: 'POST', body, anonymous: true }), '')
  keep(answer)
  return answer
}

export const login = (email: string, password: string): Promise<Signed> => sign('/api/auth/login', { email, password })

export interface NewAccount {
  email: string
  password: string
  display_name: string
  locale?: string
}

export const register = (account: NewAccount): Promise<Signed> => sign('/api/auth/register', account)

/** Ends the session here even if the server cannot be told. */
export async function logout(): Promise<void> {
  try {
    await call('/api/auth/logout', { method: 'POST' })
  } finally {
    keep(null)
  }
}
