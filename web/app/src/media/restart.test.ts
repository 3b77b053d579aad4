import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/api/http'
import { localProblem, type Problem } from '@/wire/problem'
import { encodings } from './layers'
import { restartedAnswer, restartFragment } from './restart'
import { RESTART_MS, Vigil } from './vigil'

const OFFER =
  'v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:new1\r\na=ice-pwd:secret-secret-secret-1\r\na=mid:0\r\n' +
  'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:new1\r\na=ice-pwd:secret-secret-secret-1\r\na=mid:1\r\n'
const ANSWER =
  'v=0\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=end-of-candidates\r\n' +
  'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\n'
const FRAGMENT = 'a=ice-lite\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:srv2\r\na=ice-pwd:server\r\na=candidate:1 1 udp 1 192.0.2.9 9 typ host\r\na=end-of-candidates\r\n'

describe('restartFragment', () => {
  it('names the section and the new credentials once', () => {
    expect(restartFragment(OFFER)).toBe(
      'a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:new1\r\na=ice-pwd:secret-secret-secret-1\r\n',
    )
  })
})

describe('restartedAnswer', () => {
  it('replaces credentials everywhere and candidates once', () => {
    const answer = restartedAnswer(ANSWER, FRAGMENT) ?? ''
    expect(answer.match(/a=ice-ufrag:srv2\r\n/g)).toHaveLength(2)
    expect(answer.match(/a=ice-pwd:server\r\n/g)).toHaveLength(2)
    expect(answer).not.toContain('old')
    expect(answer).not.toContain('192.0.2.1 1')
    expect(answer.match(/a=candidate:/g)).toHaveLength(1)
    expect(answer.indexOf('a=candidate:')).toBeLessThan(answer.indexOf('m=video'))
    expect(answer.endsWith('\r\n')).toBe(true)
  })
  it('needs credentials and a candidate', () => {
    expect(restartedAnswer(ANSWER, '')).toBeNull()
    expect(restartedAnswer(ANSWER, FRAGMENT.replace('a=candidate', 'a=other'))).toBeNull()
    expect(restartedAnswer('v=0\r\n', FRAGMENT)).toBeNull()
  })
})

describe('encodings', () => {
  it('halves the picture from layer to layer, smallest first', () => {
    expect(encodings(720).map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([['q', 4], ['h', 2], ['f', 1]])
    expect(encodings(480)).toHaveLength(2)
    expect(encodings(240)).toEqual([{ rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 833_333 }])
  })
  it('gives every layer well below the next', () => {
    for (const height of [480, 720, 1080]) {
      const rates = encodings(height).map((each) => each.maxBitrate)
      for (const [index, rate] of rates.slice(1).entries()) expect(rate).toBeGreaterThan(2 * (rates[index] ?? 0))
    }
  })
})

describe('Vigil', () => {
  const events = { connected: vi.fn(), dropped: vi.fn() }
  const restart = vi.fn<() => Promise<void>>()
  const gone = new ApiError({ ...localProblem('not_found', 404) } as Problem)
  const offline = new ApiError(localProblem('offline', 0))
  let vigil: Vigil
  beforeEach(() => {
    vi.useFakeTimers()
    for (const mock of [events.connected, events.dropped, restart]) mock.mockReset()
    restart.mockResolvedValue()
    vigil = new Vigil({ connectMs: 10_000, patienceMs: 6000 }, events, restart)
    vigil.begin()
    vigil.changed('connected')
  })
  afterEach(() => vi.useRealTimers())

  it('restarts at once and keeps the session when that helps', async () => {
    vigil.changed('disconnected')
    expect(restart).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(500)
    vigil.changed('connecting')
    vigil.changed('connected')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(restart).toHaveBeenCalledTimes(1)
    expect(events.connected).toHaveBeenCalledTimes(2)
    expect(events.dropped).not.toHaveBeenCalled()
  })

  it('tries again while there is no network, and gives up in time', async () => {
    restart.mockRejectedValue(offline)
    vigil.changed('disconnected')
    await vi.advanceTimersByTimeAsync(2 * RESTART_MS + 100)
    expect(restart).toHaveBeenCalledTimes(3)
    vigil.changed('failed')
    expect(events.dropped).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(events.dropped).toHaveBeenCalledTimes(1)
  })

  it('gives up at once when the server does not know the session', async () => {
    restart.mockRejectedValue(gone)
    vigil.changed('disconnected')
    await vi.advanceTimersByTimeAsync(1)
    expect(events.dropped).toHaveBeenCalledTimes(1)
    vigil.changed('connected')
    expect(events.connected).toHaveBeenCalledTimes(1)
  })

  it('drops what never connects', async () => {
    const fresh = new Vigil({ connectMs: 10_000, patienceMs: 6000 }, events, restart)
    fresh.begin()
    fresh.changed('connecting')
    await vi.advanceTimersByTimeAsync(10_001)
    expect(events.dropped).toHaveBeenCalledTimes(1)
    expect(restart).not.toHaveBeenCalled()
  })
})
