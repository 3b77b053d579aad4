import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keep, type Signed } from '@/api/token'
import type { ClientFrame } from '@/wire/frame'
import type { Link } from './link'
import { emptyRoom } from './state'
import { Talk, type TalkEvents } from './talk'

const answer = (token: string): Signed => ({
  access_token: token, expires_in: 600, user: { id: 'usr_1', email: 'a@b', display_name: 'A', role: 'user', memberships: [] },
})

class FakeLink implements Link {
  readonly kind = 'lanes'
  isOpen = true
  sent: ClientFrame[] = []
  send(frame: ClientFrame): boolean {
    this.sent.push(frame)
    return true
  }
  close(): void {
    this.isOpen = false
  }
  kinds(): string[] {
    return this.sent.map((frame) => frame.t)
  }
}

const events = () => ({ session: vi.fn(), sanction: vi.fn(), order: vi.fn(), refused: vi.fn(), bye: vi.fn(), stuck: vi.fn() }) satisfies TalkEvents
const json = (lane: string, t: string, d: unknown, pos?: object): string => JSON.stringify({ v: 1, lane, ...(pos ? { pos } : {}), t, d })
const snapshot = (seq: number, chat: number): string =>
  json('control', 'snapshot', {
    stream: { id: 'str_1', title: 'T', seller: { id: 'slr_1', name: 'S' } }, epoch: 7, seq, lanes: { control: 0, shop: 0, chat },
    presence: { live: true, viewers: 1 }, shop: { cards: [], stock: [] }, chat: { messages: [] }, server_ms: 5_000,
  })

describe('Talk', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
  afterEach(() => {
    keep(null)
    vi.useRealTimers()
  })

  function setUp() {
    const heard = events()
    const talk = new Talk(emptyRoom(), heard)
    const link = new FakeLink()
    return { heard, talk, link }
  }

  it('signs a link in when it opens, on sign-in, on renewal, and out', () => {
    keep(answer('t1'))
    const { talk, link } = setUp()
    talk.use(link)
    keep(answer('t2'))
    keep(null)
    const tokens = link.sent.flatMap((frame) => (frame.t === 'auth' ? [frame.d.token] : []))
    expect(tokens).toEqual(['t1', 't2', null])
    talk.end()
    keep(answer('t3'))
    expect(link.sent.filter((frame) => frame.t === 'auth')).toHaveLength(3)
  })

  it('keeps what the host is told until somebody else speaks', () => {
    const { talk, link } = setUp()
    talk.use(link)
    talk.hear(snapshot(3, 3))
    const finding = { code: 'b_frames', layer: 0, seen: 3, wanted: 0 }
    talk.hear(json('control', 'lint', { findings: [finding] }))
    expect(talk.state.findings).toEqual([finding])
    talk.hear(snapshot(4, 3))
    expect(talk.state.findings).toEqual([finding])
    talk.hear(json('control', 'session', { user: null }))
    expect(talk.state.findings).toEqual([])
  })

  it('asks for the room again after a gap, and gives the link up when nothing comes', () => {
    const { heard, talk, link } = setUp()
    talk.use(link)
    talk.hear(snapshot(3, 3))
    talk.hear(json('chat', 'chat', { messages: [] }, { epoch: 7, seq: 6, prev: 5 }))
    expect(link.kinds().filter((kind) => kind === 'resync')).toHaveLength(1)
    vi.advanceTimersByTime(30_000)
    expect(heard.stuck).toHaveBeenCalled()
  })

  it('is content once the snapshot is there', () => {
    const { heard, talk, link } = setUp()
    talk.prepare()
    talk.use(link)
    talk.hear(snapshot(3, 3))
    vi.advanceTimersByTime(60_000)
    expect(link.kinds()).not.toContain('resync')
    expect(heard.stuck).not.toHaveBeenCalled()
  })

  it('keeps the server\'s clock', () => {
    const { talk, link } = setUp()
    talk.use(link)
    const ping = link.sent.find((frame) => frame.t === 'ping')
    vi.advanceTimersByTime(40)
    talk.hear(json('control', 'pong', { client_ms: ping?.t === 'ping' ? ping.d.client_ms : 0, server_ms: 2_000_000 }))
    expect(talk.clock.now()).toBe(2_000_020)
  })

  it('passes on what is said to this viewer alone, and survives what cannot be read', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const { heard, talk } = setUp()
    talk.hear('{')
    talk.hear(json('shop', 'error', { key: 'k', problem: { type: 'x', title: 'x', status: 409, code: 'out_of_stock', available: 2 } }))
    expect(heard.refused).toHaveBeenCalledWith(expect.objectContaining({ code: 'out_of_stock', available: 2 }), 'k')
    expect(warn).toHaveBeenCalledTimes(1)
  })
})
