// One viewing session over WHEP: a peer connection that receives one video and one audio track
// and carries the room's lanes.
import { LaneLink, type LinkEvents } from '@/room/link'
import { wantDescriptor } from './descriptor'
import { endSession, exchange, restartIce } from './exchange'
import { wantStereo } from './sdp'
import { Vigil } from './vigil'

/** A viewer that stays out of touch so long joins anew, which is quick. */
const TIMES = { connectMs: 10_000, patienceMs: 6000 }

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
  private readonly vigil: Vigil
  private session = ''
  private over = false

  constructor(private readonly events: ViewerEvents) {
    this.peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.peer.addTransceiver('audio', { direction: 'recvonly' })
    wantDescriptor(this.peer.addTransceiver('video', { direction: 'recvonly' }))
    this.link = new LaneLink(this.peer, events)
    this.peer.ontrack = ({ track }) => this.media.addTrack(track)
    this.vigil = new Vigil(TIMES, { connected: () => events.connected(), dropped: () => this.drop() }, () => restartIce(this.peer, this.session))
    this.peer.onconnectionstatechange = () => this.vigil.changed(this.peer.connectionState)
  }

  /** Asks the server for the stream. Throws `ApiError` when it refuses. */
  async start(stream: string, token: string | null): Promise<void> {
    this.vigil.begin()
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
    this.vigil.end()
    this.link.close()
    this.peer.onconnectionstatechange = null
    this.peer.close()
    endSession(this.session)
  }

  private drop(): void {
    if (this.over) return
    this.close()
    this.events.dropped()
  }
}
