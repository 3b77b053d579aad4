// One viewing session over WHEP: a peer connection that receives one video and one audio track
// and carries the room's lanes.
import { LaneLink, type LinkEvents } from '@/room/link'
import { endSession, exchange } from './exchange'
import { wantStereo } from './sdp'

/** How long a connection may be out of touch before it is given up. */
const PATIENCE_MS = 4000
/** How long a new connection may take to connect. */
const CONNECT_MS = 10_000

export interface ViewerEvents extends LinkEvents {
  /** Media may flow now. */
  connected(): void
  /** The connection is dead; said once. */
  dropped(): void
}

export class Viewer {
  readonly media = new MediaStream()
  readonly link: LaneLink
  readonly peer: RTCPeerConnection
  private session = ''
  private over = false
  private deadline: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly events: ViewerEvents) {
    this.peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.peer.addTransceiver('audio', { direction: 'recvonly' })
    this.peer.addTransceiver('video', { direction: 'recvonly' })
    this.link = new LaneLink(this.peer, events)
    this.peer.ontrack = ({ track }) => this.media.addTrack(track)
    this.peer.onconnectionstatechange = () => this.watch()
  }

  /** Asks the server for the stream. Throws `ApiError` when it refuses. */
  async start(stream: string, token: string | null): Promise<void> {
    this.deadline = setTimeout(() => this.drop(), CONNECT_MS)
    try {
      const session = await exchange(this.peer, `/whep/${encodeURIComponent(stream)}`, token, wantStereo)
      if (this.over) endSession(session)
      else this.session = session
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Ends it here and on the server. */
  close(): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.deadline)
    this.link.close()
    this.peer.onconnectionstatechange = null
    this.peer.close()
    endSession(this.session)
  }

  private watch(): void {
    clearTimeout(this.deadline)
    const state = this.peer.connectionState
    if (state === 'connected') this.events.connected()
    else if (state === 'failed' || state === 'closed') this.drop()
    else this.deadline = setTimeout(() => this.drop(), state === 'disconnected' ? PATIENCE_MS : CONNECT_MS)
  }

  private drop(): void {
    if (this.over) return
    this.close()
    this.events.dropped()
  }
}
