// Accounts: sign in, register, sign out.
import { ask } from './http'
import type { NewAccount } from './schema'
import { keep, signed, type Signed } from './token'

function kept(said: unknown): Signed {
  const answer = signed(said, '')
  keep(answer)
  return answer
}

export const login = async (email: string, password: string): Promise<Signed> =>
  kept(await ask('POST /api/auth/login', { body: { email, password }, anonymous: true }))

export const register = async (account: NewAccount): Promise<Signed> =>
  kept(await ask('POST /api/auth/register', { body: account, anonymous: true }))

/** Ends the session here even if the server cannot be told. */
export async function logout(): Promise<void> {
  try {
    await ask('POST /api/auth/logout')
  } finally {
    keep(null)
  }
}
