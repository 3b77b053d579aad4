import { describe, expect, it, vi } from 'vitest'
import type { Snapshot } from '@/wire/control'
import type { Received, ServerFrame } from '@/wire/frame'
import type { Lane } from '@/wire/lane'
import { emptyRoom } from './state'
import { Timeline, WAITING_MAX } from './timeline'

const snapshot = (seq: number, heads: Partial<Snapshot['lanes']> = {}, epoch = 100): Received => ({
  lane: 'control',
  frame: {
    t: 'snapshot',
    d: {
      stream: { id: 'str_1', title: 'Show', seller: { id: 'slr_1', name: 'Shop' } },
      epoch,
      seq,
      lanes: { control: 0, shop: 0, chat: 0, ...heads },
      presence: { live: true, viewers: 1 },
      shop: { cards: [], stock: [] },
      chat: { messages: [] },
      server_ms: 1,
    },
  },
})

const frames: Record<'control' | 'chat', (n: number) => ServerFrame> = {
  control: (n) => ({ t: 'presence', d: { live: true, viewers: n } }),
  chat: (n) => ({ t: 'chat', d: { messages: [{ id: `msg_${n}`, user_id: 'u', name: 'n', body: `${n}`, at_ms: n, key: `${n}` }] } }),
}

const placed = (lane: 'control' | 'chat', seq: number, prev: number, epoch = 100): Received => ({ lane, pos: { epoch, seq, prev }, frame: frames[lane](seq) })

function setUp() {
  const room = emptyRoom()
  const ask = vi.fn()
  return { room, ask, timeline: new Timeline(room, ask) }
}

describe('Timeline', () => {
  it('keeps what comes before the snapshot and applies only what the snapshot lacks', () => {
    const { room, ask, timeline } = setUp()
    expect(timeline.receive(placed('chat', 4, 3))).toBe('waiting')
    expect(timeline.receive(placed('chat', 6, 4))).toBe('waiting')
    expect(room.ready).toBe(false)
    timeline.receive(snapshot(5, { chat: 4 }))
    expect(room.messages.map((message) => message.id)).toEqual(['msg_6'])
    expect(ask).not.toHaveBeenCalled()
  })

  it('drops what the snapshot contains and what it has seen', () => {
    const { room, timeline } = setUp()
    timeline.receive(snapshot(5, { chat: 4 }))
    expect(timeline.receive(placed('chat', 4, 3))).toBe('dropped')
    expect(timeline.receive(placed('chat', 6, 4))).toBe('applied')
    expect(timeline.receive(placed('chat', 6, 4))).toBe('dropped')
    expect(room.messages).toHaveLength(1)
  })

  it('looks for gaps on each lane by itself', () => {
    const { ask, timeline } = setUp()
    timeline.receive(snapshot(5, { control: 5, chat: 3 }))
    expect(timeline.receive(placed('chat', 7, 3))).toBe('applied')
    expect(timeline.receive(placed('control', 6, 5))).toBe('applied')
    expect(ask).not.toHaveBeenCalled()
  })

  it('asks for the room once on a gap, waits, and goes on from the new snapshot', () => {
    const { room, ask, timeline } = setUp()
    timeline.receive(snapshot(5, { chat: 5 }))
    expect(timeline.receive(placed('chat', 8, 7))).toBe('gap')
    expect(timeline.receive(placed('chat', 9, 8))).toBe('waiting')
    expect(ask).toHaveBeenCalledTimes(1)
    expect(timeline.incomplete).toBe(true)
    timeline.receive(snapshot(8, { chat: 8 }))
    expect(timeline.incomplete).toBe(false)
    expect(room.messages.map((message) => message.id)).toEqual(['msg_9'])
  })

  it('asks again when what waited still has a gap', () => {
    const { ask, timeline } = setUp()
    timeline.receive(placed('chat', 9, 8))
    timeline.receive(snapshot(5, { chat: 5 }))
    expect(ask).toHaveBeenCalledTimes(1)
    expect(timeline.incomplete).toBe(true)
  })

  it('takes a new life of the room only by its snapshot', () => {
    const { ask, timeline } = setUp()
    timeline.receive(snapshot(50, { chat: 50 }))
    expect(timeline.receive(placed('chat', 51, 50, 99))).toBe('dropped')
    expect(timeline.receive(placed('chat', 1, 0, 101))).toBe('gap')
    expect(ask).toHaveBeenCalledTimes(1)
    timeline.receive(snapshot(1, { chat: 1 }, 101))
    expect(timeline.receive(placed('chat', 2, 1, 101))).toBe('applied')
  })

  it('counts the place of a frame of an unknown kind', () => {
    const { ask, timeline } = setUp()
    timeline.receive(snapshot(5, { chat: 5 }))
    expect(timeline.receive({ lane: 'chat' as Lane, pos: { epoch: 100, seq: 6, prev: 5 }, frame: null })).toBe('applied')
    expect(timeline.receive(placed('chat', 7, 6))).toBe('applied')
    expect(ask).not.toHaveBeenCalled()
  })

  it('bounds what waits, and finds the gap that this leaves', () => {
    const { ask, timeline } = setUp()
    for (let seq = 1; seq <= WAITING_MAX + 5; seq += 1) timeline.receive(placed('chat', seq, seq - 1))
    timeline.receive(snapshot(0))
    expect(ask).toHaveBeenCalledTimes(1)
  })

  it('paints a fetched room at once, and prefers what came by the link', () => {
    const { room, timeline } = setUp()
    const fetched = snapshot(9).frame
    timeline.receive(snapshot(5))
    if (fetched?.t === 'snapshot') timeline.prime({ ...fetched.d, presence: { live: false, viewers: 99 } })
    expect(room.presence.viewers).toBe(1)
  })

  it('leaves personal frames alone', () => {
    const { room, timeline } = setUp()
    expect(timeline.receive({ lane: 'control', frame: { t: 'session', d: { user: null } } })).toBe('personal')
    expect(room.ready).toBe(false)
  })
})
