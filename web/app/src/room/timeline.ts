// Puts the frames of a room in order. Each lane arrives by its own channel, so a frame of one
// lane may come before the snapshot on another: such frames wait. Frames that the snapshot
// contains are dropped; a frame whose `prev` is not the last one of its lane shows a gap, and
// then the whole room is asked for again. Stock stands outside: its newest commit wins.
import type { Snapshot } from '@/wire/control'
import type { Position, Received, ServerFrame } from '@/wire/frame'
import type { Lane } from '@/wire/lane'
import { adopt, apply, type RoomState } from './state'

/** Frames kept while a snapshot is awaited; when more come, the gap shows and is asked for. */
export const WAITING_MAX = 256

export type Outcome = 'applied' | 'waiting' | 'dropped' | 'gap' | 'personal'

interface Placed {
  lane: Lane
  pos: Position
  frame: ServerFrame | null
}

export class Timeline {
  private epoch = 0
  private base = 0
  private heads: Partial<Record<Lane, number>> = {}
  private awaiting = true
  private waiting: Placed[] = []

  /** `ask` is called when a snapshot is needed and none is on its way. */
  constructor(
    private readonly room: RoomState,
    private readonly ask: () => void,
  ) {}

  /** Whether a snapshot has yet to come. */
  get incomplete(): boolean {
    return this.awaiting
  }

  /** A new connection begins: its first frame will be a snapshot. What is shown stays. */
  expectSnapshot(): void {
    this.awaiting = true
    this.waiting = []
  }

  /** Paints a room that was fetched; the connection's own snapshot is still awaited. */
  prime(snapshot: Snapshot): void {
    if (!this.room.ready) adopt(this.room, snapshot)
  }

  /** Takes a frame as it came in. Personal frames change nothing here. */
  receive({ lane, pos, frame }: Received): Outcome {
    if (frame?.t === 'snapshot') return this.start(frame.d)
    if (frame?.t === 'stock') {
      apply(this.room, frame)
      return 'applied'
    }
    if (!pos) return 'personal'
    const placed = { lane, pos, frame }
    if (this.awaiting) return this.wait(placed)
    return this.place(placed)
  }

  private start(snapshot: Snapshot): Outcome {
    adopt(this.room, snapshot)
    this.epoch = snapshot.epoch
    this.base = snapshot.seq
    this.heads = { ...snapshot.lanes }
    this.awaiting = false
    const waiting = this.waiting.sort((a, b) => a.pos.seq - b.pos.seq)
    this.waiting = []
    for (const placed of waiting) {
      if (this.awaiting) this.wait(placed)
      else this.place(placed)
    }
    return 'applied'
  }

  private wait(placed: Placed): Outcome {
    this.waiting.push(placed)
    if (this.waiting.length > WAITING_MAX) this.waiting.shift()
    return 'waiting'
  }

  private place(placed: Placed): Outcome {
    const { lane, pos, frame } = placed
    if (pos.epoch < this.epoch) return 'dropped'
    const head = this.heads[lane] ?? 0
    if (pos.epoch === this.epoch) {
      if (pos.seq <= this.base || pos.seq <= head) return 'dropped'
      if (pos.prev === head) {
        this.heads[lane] = pos.seq
        if (frame) apply(this.room, frame)
        return 'applied'
      }
    }
    this.awaiting = true
    this.wait(placed)
    this.ask()
    return 'gap'
  }
}
