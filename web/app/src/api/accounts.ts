// Accounts: sign in, register, sign out, and what the links in mails do.
import { flag, list, optional, record, text, type Read } from '@/wire/shape'
import { ask } from './http'
import type { NewAccount, PostalAddress } from './schema'
import { currentToken, keep, maybeSignedIn, renewAccess, signed, type Signed } from './token'

function kept(said: unknown): Signed {
  const answer = signed(said, '')
  keep(answer)
  return answer
}

/** With the code of a second factor where `second_factor_required` asks for one. */
export const login = async (email: string, password: string, code?: string): Promise<Signed> =>
  kept(await ask('POST /api/auth/login', { body: code === undefined ? { email, password } : { email, password, code }, anonymous: true }))

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

/** Asks for a mail with a link that resets the password. The answer does not tell if the address has an account. */
export const forgotPassword = async (email: string): Promise<unknown> => ask('POST /api/auth/password/forgot', { body: { email }, anonymous: true })

/** Chooses a new password by a mail's token. The account is signed out everywhere, maybe here too. */
export async function resetPassword(token: string, new_password: string): Promise<void> {
  await ask('POST /api/auth/password/reset', { body: { token, new_password }, anonymous: true })
  if (maybeSignedIn()) await renewAccess(currentToken())
}

export const verifyEmail = async (token: string): Promise<unknown> => ask('POST /api/auth/email/verify', { body: { token }, anonymous: true })

/** Mails the verification link of who is signed in once more. */
export const resendVerification = async (): Promise<unknown> => ask('POST /api/auth/email/resend')

const profile = record({ email: text, email_verified: flag })
export type Profile = Read<typeof profile>

export const getProfile = async (): Promise<Profile> => profile(await ask('GET /api/users/profile'), '')

const line = optional(text)
export const postalAddress = record({ recipient: text, phone: text, country: line, postcode: text, region: line, city: line, line1: text, line2: line, note: line })
const saved = record({ id: text, label: text, is_default: flag, address: postalAddress })
export type Saved = Read<typeof saved>

/** The addresses that the account keeps, at most twenty. */
export const listAddresses = async (): Promise<Saved[]> => record({ data: list(saved) })(await ask('GET /api/users/addresses'), '').data

export const saveAddress = async (address: PostalAddress): Promise<Saved> => saved(await ask('POST /api/users/addresses', { body: { address } }), '')
