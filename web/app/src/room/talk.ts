// What the page says to its room over whichever link is open, and what comes back: signs the
// link in, keeps the server's clock, asks for a snapshot after a gap, matches answers to
// commands by their keys.
import { currentToken, onToken, renewAccess, renewInMs } from '@/api/token'
import type { Bye, Sanction, Session } from '@/wire/control'
import { decodeServer, type ClientFrame, type ServerFrame } from '@/wire/frame'
import type { Problem } from '@/wire/problem'
import type { Order } from '@/wire/shop'
import { ServerClock } from './clock'
import type { Link } from './link'
import type { RoomState } from './state'
import { Timeline } from './timeline'

const PING_MS = 15_000
const RESYNC_MS = 3000
/** Snapshots asked for in vain before the link is given up. */
const RESYNC_TRIES = 4
/** A token for which no renewal is near is looked at this often. */
const RENEW_LATEST_MS = 5 * 60_000

export interface TalkEvents {
  session(session: Session): void
  sanction(sanction: Sanction): void
  order(order: Order, key: string | undefined): void
  refused(problem: Problem, key: string | undefined): void
  bye(bye: Bye): void
  /** The link is of no use any more, though it may be open. */
  stuck(): void
}

export class Talk {
  readonly clock = new ServerClock()
  private readonly timeline: Timeline
  private link: Link | null = null
  private timers: ReturnType<typeof setInterval>[] = []
  private renewal: ReturnType<typeof setTimeout> | undefined
  private asked = 0
  private readonly endTokens: () => void

  constructor(
    private readonly room: RoomState,
    private readonly events: TalkEvents,
  ) {
    this.timeline = new Timeline(room, () => this.send({ t: 'resync', d: {} }))
    this.endTokens = onToken((signed) => {
      this.authenticate(signed?.access_token ?? null)
      this.scheduleRenewal()
    })
    this.scheduleRenewal()
  }

  /** Paints a snapshot that was fetched over HTTP, if nothing is shown yet. */
  prime(json: string): void {
    const { frame } = decodeServer(json)
    if (frame?.t !== 'snapshot') return
    this.clock.hint(frame.d.server_ms, Date.now())
    this.timeline.prime(frame.d)
  }

  /** A link is about to speak; its first frame will be a snapshot. */
  prepare(): void {
    this.timeline.expectSnapshot()
    this.asked = 0
  }

  /** Speaks over `link` from now on. */
  use(link: Link): void {
    this.release()
    this.link = link
    const token = currentToken()
    if (token !== null) this.authenticate(token)
    this.ping()
    this.timers = [
      setInterval(() => this.ping(), PING_MS),
      setInterval(() => this.chase(), RESYNC_MS),
    ]
  }

  /** Stops speaking; frames that still come in are taken. */
  release(): void {
    this.link = null
    for (const timer of this.timers) clearInterval(timer)
    this.timers = []
  }

  end(): void {
    this.release()
    this.endTokens()
    clearTimeout(this.renewal)
  }

  send(frame: ClientFrame): boolean {
    return this.link?.send(frame) ?? false
  }

  /** Takes a frame as it came in; what cannot be read is left out. */
  hear(json: string): void {
    let received
    try {
      received = decodeServer(json)
    } catch (error) {
      console.warn('a frame could not be read', error)
      return
    }
    this.timeline.receive(received)
    if (received.frame) this.answer(received.frame)
  }

  private answer(frame: ServerFrame): void {
    switch (frame.t) {
      case 'snapshot':
        this.asked = 0
        this.clock.hint(frame.d.server_ms, Date.now())
        break
      case 'pong':
        this.clock.pong(frame.d.client_ms, frame.d.server_ms, Date.now())
        break
      case 'session':
        if (frame.d.user === null) this.room.findings = []
        this.events.session(frame.d)
        break
      case 'sanction':
        this.events.sanction(frame.d)
        break
      case 'lint':
        this.room.findings = frame.d.findings
        break
      case 'order':
        this.events.order(frame.d.order, frame.d.key)
        break
      case 'error':
        this.refusal(frame.d.problem, frame.d.key)
        break
      case 'bye':
        this.events.bye(frame.d)
        break
      default:
        break
    }
  }

  private refusal(problem: Problem, key: string | undefined): void {
    if (key === undefined && problem.code === 'invalid_token') void renewAccess(currentToken())
    this.events.refused(problem, key)
  }

  private authenticate(token: string | null): void {
    this.send({ t: 'auth', d: { token } })
  }

  private ping(): void {
    this.send({ t: 'ping', d: { client_ms: Date.now() } })
  }

  private chase(): void {
    if (!this.timeline.incomplete) return
    this.asked += 1
    if (this.asked > RESYNC_TRIES) this.events.stuck()
    else this.send({ t: 'resync', d: {} })
  }

  private scheduleRenewal(): void {
    clearTimeout(this.renewal)
    const wait = renewInMs()
    if (wait === null) return
    this.renewal = setTimeout(
      () => {
        if (renewInMs() === 0) void renewAccess(currentToken())
        this.scheduleRenewal()
      },
      Math.max(5000, Math.min(wait, RENEW_LATEST_MS)),
    )
  }

  /** Only for what the page derives from it. */
  get state(): RoomState {
    return this.room
  }
}
