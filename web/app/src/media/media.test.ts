import { describe, expect, it } from 'vitest'
import { ServerClock } from '@/room/clock'
import { backoff, FIRST_MS, LONGEST_MS } from './backoff'
import { wantStereo } from './sdp'

describe('backoff', () => {
  it('doubles, is bounded, and spreads between half and whole', () => {
    expect(backoff(0, 0)).toBe(FIRST_MS / 2)
    expect(backoff(0, 0.999)).toBeLessThanOrEqual(FIRST_MS)
    expect(backoff(1, 0)).toBe(FIRST_MS)
    expect(backoff(40, 0.999)).toBeLessThanOrEqual(LONGEST_MS)
    expect(backoff(40, 0)).toBe(LONGEST_MS / 2)
  })
})

describe('wantStereo', () => {
  const offer = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=fmtp:63 111/111\r\n'
  it('asks for stereo on the Opus line only, once', () => {
    const asked = wantStereo(offer)
    expect(asked).toContain('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n')
    expect(asked).toContain('a=fmtp:63 111/111\r\n')
    expect(wantStereo(asked)).toBe(asked)
  })
  it('leaves an offer without Opus as it is', () => {
    expect(wantStereo('m=audio 9 RTP 0\r\n')).toBe('m=audio 9 RTP 0\r\n')
  })
})

describe('ServerClock', () => {
  it('believes the shortest round trip', () => {
    const clock = new ServerClock()
    clock.hint(5000, 1000)
    expect(clock.now(1000)).toBe(5000)
    clock.pong(1000, 6000, 1100)
    expect(clock.now(1100)).toBe(6050)
    clock.pong(2000, 9999, 2400)
    expect(clock.now(1100)).toBe(6050)
    clock.pong(3000, 8010, 3020)
    expect(clock.now(3020)).toBe(8020)
    clock.hint(1, 1)
    expect(clock.now(3020)).toBe(8020)
  })
})
