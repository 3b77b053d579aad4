import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { call } from './http'
import { accessToken, currentToken, keep, onToken, renewAccess, type Signed } from './token'

const answer = (token: string, expires = 600): Signed => ({
  access_token: token, expires_in: expires, user: { id: 'usr_1', email: 'a@b', display_name: 'A', role: 'user', memberships: [] },
})
const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response => new Response(JSON.stringify(body), { status, headers })
const fetched = vi.fn<typeof fetch>()

beforeEach(() => {
  fetched.mockReset()
  vi.stubGlobal('fetch', fetched)
})
afterEach(() => {
  keep(null)
  vi.unstubAllGlobals()
})

describe('the access token', () => {
  it('is asked for once, however many wait', async () => {
    fetched.mockResolvedValue(json(answer('t1')))
    expect(await Promise.all([renewAccess(null), renewAccess(null), renewAccess(null)])).toEqual(['t1', 't1', 't1'])
    expect(fetched).toHaveBeenCalledTimes(1)
  })

  it('is renewed before it ends', async () => {
    keep(answer('t1', 600), 0)
    expect(await accessToken(500_000)).toBe('t1')
    fetched.mockResolvedValue(json(answer('t2')))
    expect(await accessToken(550_000)).toBe('t2')
  })

  it('is forgotten when the cookie is refused, and kept when the server is away', async () => {
    keep(answer('t1'))
    fetched.mockRejectedValueOnce(new TypeError('network'))
    expect(await renewAccess('t1')).toBe('t1')
    fetched.mockResolvedValueOnce(json({}, 503))
    expect(await renewAccess('t1')).toBe('t1')
    const heard = vi.fn()
    const end = onToken(heard)
    fetched.mockResolvedValueOnce(json({}, 401))
    expect(await renewAccess('t1')).toBeNull()
    expect(heard).toHaveBeenCalledWith(null)
    expect(currentToken()).toBeNull()
    end()
  })
})

describe('a call', () => {
  it('renews a token that is no longer taken, and repeats itself once', async () => {
    keep(answer('t1'))
    fetched.mockResolvedValueOnce(json({ code: 'invalid_token', status: 401, title: '' }, 401)).mockResolvedValueOnce(json(answer('t2'))).mockResolvedValueOnce(json({ ok: true }))
    expect(await call('/api/orders')).toEqual({ ok: true })
    expect(fetched.mock.calls.map(([url]) => url)).toEqual(['/api/orders', '/api/auth/refresh', '/api/orders'])
    expect((fetched.mock.calls[2]?.[1]?.headers as Record<string, string>)['authorization']).toBe('Bearer t2')
  })

  it('says what the server says, with its time to repeat', async () => {
    fetched.mockResolvedValueOnce(json({ code: 'busy', status: 503, title: 'Busy' }, 503, { 'retry-after': '2' }))
    await expect(call('/x')).rejects.toMatchObject({ problem: { code: 'busy', status: 503, retry_after: 2 } })
  })

  it('tells an answer that is no problem from none at all', async () => {
    fetched.mockResolvedValueOnce(new Response('<html>', { status: 502 }))
    await expect(call('/x')).rejects.toMatchObject({ problem: { code: 'unavailable', status: 502 } })
    fetched.mockRejectedValueOnce(new TypeError('network'))
    await expect(call('/x')).rejects.toMatchObject({ problem: { code: 'offline', status: 0 } })
  })
})
