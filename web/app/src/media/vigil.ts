// Watches over a connection: at the first `disconnected` it restarts ICE, again every two seconds,
// and gives the connection up when the server has forgotten the session or time is over.
import { ApiError } from '@/api/http'

/** Time between two restarts. */
export const RESTART_MS = 2000

export interface VigilEvents {
  connected(): void
  /** The connection is dead; said once. */
  dropped(): void
}

export interface VigilTimes {
  /** How long a new connection may take to connect. */
  connectMs: number
  /** How long a connection may be out of touch before it is given up. */
  patienceMs: number
}

export class Vigil {
  private deadline: ReturnType<typeof setTimeout> | undefined
  private again: ReturnType<typeof setTimeout> | undefined
  private out = false
  private restarting = false
  private over = false

  constructor(
    private readonly times: VigilTimes,
    private readonly events: VigilEvents,
    private readonly restart: () => Promise<void>,
  ) {}

  /** The offer is on its way. */
  begin(): void {
    this.limit(this.times.connectMs)
  }

  /** The connection changed its state. */
  changed(state: RTCPeerConnectionState): void {
    if (this.over) return
    if (state === 'connected') {
      this.calm()
      this.events.connected()
    } else if (state === 'closed' || (state === 'failed' && !this.out)) this.drop()
    else if (state === 'disconnected' && !this.out) {
      this.out = true
      this.limit(this.times.patienceMs)
      void this.tryRestart()
    }
  }

  end(): void {
    this.over = true
    this.calm()
  }

  private calm(): void {
    clearTimeout(this.deadline)
    clearTimeout(this.again)
    this.out = false
  }

  private limit(ms: number): void {
    clearTimeout(this.deadline)
    this.deadline = setTimeout(() => this.drop(), ms)
  }

  private async tryRestart(): Promise<void> {
    if (this.over || !this.out || this.restarting) return
    this.restarting = true
    try {
      await this.restart()
    } catch (error) {
      // No answer may be for want of a network; a refusal is the server's last word.
      if (error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500) this.drop()
    } finally {
      this.restarting = false
    }
    if (this.over || !this.out) return
    clearTimeout(this.again)
    this.again = setTimeout(() => void this.tryRestart(), RESTART_MS)
  }

  private drop(): void {
    if (this.over) return
    this.end()
    this.events.dropped()
  }
}
