// Keeps a viewer in a room: media by WHEP with the lanes on it, the room's WebSocket when the
// lanes do not open or nothing is live, new attempts with back-off after a failure. Studio uses
// it without media.
import { ApiError, problemOf } from '@/api/http'
import { accessToken } from '@/api/token'
import { backoff } from '@/media/backoff'
import { Viewer } from '@/media/viewer'
import type { Bye } from '@/wire/control'
import type { Problem } from '@/wire/problem'
import { SocketLink, type Link, type LinkEvents } from './link'
import type { Talk } from './talk'

/** Lanes that take longer than this are replaced by the socket. */
export const LANES_MS = 5000
/** A socket that held this long was good: the next failure starts the back-off anew. */
const STEADY_MS = 10_000
const NOT_LIVE_MS = 3000

export type MediaPhase = 'connecting' | 'playing' | 'waiting' | 'reconnecting' | 'ended' | 'missing' | 'none'
export type LinkPhase = 'none' | 'lanes' | 'socket'

export interface ConnectionEvents {
  media(phase: MediaPhase, stream: MediaStream | null): void
  link(phase: LinkPhase): void
  trouble(problem: Problem | null): void
}

export class Connection {
  private viewer: Viewer | null = null
  private socket: SocketLink | null = null
  private lanesTimer: ReturnType<typeof setTimeout> | undefined
  private mediaTimer: ReturnType<typeof setTimeout> | undefined
  private socketTimer: ReturnType<typeof setTimeout> | undefined
  private mediaTries = 0
  private socketTries = 0
  private socketSince = 0
  private active: Link | null = null
  private over = false
  private attempt = 0

  constructor(
    private readonly stream: string,
    private readonly talk: Talk,
    private readonly events: ConnectionEvents,
    private readonly wantsMedia = true,
  ) {}

  start(): void {
    if (this.wantsMedia) void this.watch()
    else {
      this.events.media('none', null)
      this.openSocket()
    }
  }

  /** The broadcast was said to be live: do not wait for the next poll. */
  wentLive(): void {
    if (!this.wantsMedia || this.over || this.viewer) return
    this.mediaTries = 0
    this.retryMedia(0)
  }

  /** Tries at once, as when the device is online again. */
  nudge(): void {
    if (this.over) return
    if (!this.viewer && this.wantsMedia) this.retryMedia(0)
    if (!this.socket && this.active === null && !this.viewer?.link.isOpen) this.openSocket()
  }

  /** The server says goodbye over the active link. */
  farewell(bye: Bye): void {
    if (bye.reason === 'ended' || !bye.reconnect) {
      this.finish(bye.reason === 'ended' ? 'ended' : 'missing')
      return
    }
    this.restart()
  }

  /** Frames no longer come as they should: start over. */
  restart(): void {
    if (this.over) return
    this.reset()
    if (!this.wantsMedia) return this.retrySocket()
    this.events.media('reconnecting', null)
    this.retryMedia(backoff(this.mediaTries++))
  }

  close(): void {
    this.over = true
    this.reset()
  }

  private finish(phase: 'ended' | 'missing'): void {
    this.close()
    this.events.media(phase, null)
  }

  private reset(): void {
    this.attempt += 1
    clearTimeout(this.lanesTimer)
    clearTimeout(this.mediaTimer)
    clearTimeout(this.socketTimer)
    this.viewer?.close()
    this.viewer = null
    this.socket?.close()
    this.socket = null
    this.drop(this.active)
  }

  private async watch(): Promise<void> {
    const attempt = ++this.attempt
    const viewer: Viewer = new Viewer({
      ...this.listen(() => viewer.link),
      connected: () => {
        this.mediaTries = 0
        this.events.trouble(null)
        this.events.media('playing', viewer.media)
      },
      dropped: () => this.lostMedia(viewer),
    })
    this.viewer = viewer
    if (this.active === null) this.talk.prepare()
    try {
      await viewer.start(this.stream, await accessToken())
    } catch (error) {
      if (attempt === this.attempt) this.refusedMedia(viewer, error)
      return
    }
    if (attempt !== this.attempt) return
    this.lanesTimer = setTimeout(() => {
      if (!viewer.link.isOpen) this.openSocket()
    }, LANES_MS)
  }

  private lostMedia(viewer: Viewer): void {
    if (this.viewer !== viewer || this.over) return
    this.viewer = null
    this.drop(viewer.link)
    this.events.media('reconnecting', null)
    this.openSocket()
    this.retryMedia(backoff(this.mediaTries++))
  }

  private refusedMedia(viewer: Viewer, error: unknown): void {
    if (this.viewer === viewer) this.viewer = null
    if (this.over) return
    const problem = problemOf(error)
    const status = error instanceof ApiError ? problem.status : 0
    if (status === 404) return this.finish('missing')
    if (problem.code === 'stream_ended') return this.finish('ended')
    this.openSocket()
    if (problem.code === 'stream_not_live') {
      this.events.trouble(null)
      this.events.media('waiting', null)
      this.retryMedia((problem.retry_after ?? NOT_LIVE_MS / 1000) * 1000)
      return
    }
    this.events.trouble(problem)
    this.events.media('reconnecting', null)
    this.retryMedia(Math.max((problem.retry_after ?? 0) * 1000, backoff(this.mediaTries++)))
  }

  private retryMedia(waitMs: number): void {
    if (!this.wantsMedia || this.over) return
    clearTimeout(this.mediaTimer)
    this.mediaTimer = setTimeout(() => {
      if (!this.viewer && !this.over) void this.watch()
    }, waitMs)
  }

  private openSocket(): void {
    if (this.socket || this.over || this.viewer?.link.isOpen) return
    clearTimeout(this.socketTimer)
    if (this.active === null) this.talk.prepare()
    const socket: SocketLink = new SocketLink(this.stream, this.listen(() => socket))
    this.socket = socket
  }

  private retrySocket(): void {
    if (this.over) return
    if (Date.now() - this.socketSince > STEADY_MS) this.socketTries = 0
    clearTimeout(this.socketTimer)
    this.socketTimer = setTimeout(() => this.openSocket(), backoff(this.socketTries++))
  }

  /** One link speaks at a time. Lanes are preferred; frames of the other one are not taken. */
  private listen(link: () => Link): LinkEvents {
    return {
      open: () => this.activate(link()),
      frame: (json) => {
        if (this.active === null || this.active === link()) this.talk.hear(json)
      },
      lost: () => {
        const lost = link()
        this.drop(lost)
        if (lost === this.socket) {
          this.socket = null
          if (!this.viewer?.link.isOpen) this.retrySocket()
        } else if (!this.over && this.viewer?.link === lost) this.openSocket()
      },
    }
  }

  private activate(link: Link): void {
    if (this.over || this.active === link) return
    if (this.active?.kind === 'lanes' && link.kind === 'socket') return link.close()
    const replaced = this.active
    this.active = link
    if (link.kind === 'socket') this.socketSince = Date.now()
    this.talk.use(link)
    if (replaced) {
      // Frames of the new link were not taken while the old one spoke, its snapshot included.
      this.talk.prepare()
      this.talk.send({ t: 'resync', d: {} })
    }
    if (link.kind === 'lanes') {
      this.socket?.close()
      this.socket = null
    }
    this.events.link(link.kind)
  }

  private drop(link: Link | null): void {
    if (link === null || this.active !== link) return
    this.active = null
    this.talk.release()
    this.talk.prepare()
    this.events.link('none')
  }
}
