// One publishing session over WHIP: the host's camera and microphone, or a shared screen, the
// picture in up to three sizes.
import { endSession, exchange, restartIce } from './exchange'
import { encodings } from './layers'
import { Vigil } from './vigil'

/** The server keeps a silent publisher for half a minute; the viewers wait as long. */
const TIMES = { connectMs: 10_000, patienceMs: 25_000 }

export interface BroadcasterEvents {
  connected(): void
  dropped(): void
}

export class Broadcaster {
  private readonly peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  private readonly vigil: Vigil
  private session = ''
  private over = false

  constructor(
    media: MediaStream,
    private readonly events: BroadcasterEvents,
  ) {
    const [audio] = media.getAudioTracks()
    const [video] = media.getVideoTracks()
    if (audio) this.peer.addTransceiver(audio, { direction: 'sendonly', streams: [media] })
    if (video) {
      video.contentHint = 'motion'
      const { width = 0, height = 0 } = video.getSettings()
      // The shorter side, so that an upright phone gets as many layers as a lying one.
      const lines = Math.min(width, height) || 720
      this.peer.addTransceiver(video, { direction: 'sendonly', streams: [media], sendEncodings: encodings(lines) })
    }
    this.vigil = new Vigil(TIMES, { connected: () => events.connected(), dropped: () => this.drop() }, () => restartIce(this.peer, this.session))
    this.peer.onconnectionstatechange = () => this.vigil.changed(this.peer.connectionState)
  }

  /** Publishes with a publish ticket or a stream key. Throws `ApiError` when the server refuses. */
  async start(url: string, bearer: string): Promise<void> {
    this.vigil.begin()
    try {
      const session = await exchange(this.peer, url, bearer)
      if (this.over) endSession(session)
      else this.session = session
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Bytes sent so far, for the rate that Studio shows. */
  async bytesSent(): Promise<number> {
    let bytes = 0
    for (const report of (await this.peer.getStats()).values() as Iterable<{ type: string; bytesSent?: number }>) {
      if (report.type === 'outbound-rtp') bytes += report.bytesSent ?? 0
    }
    return bytes
  }

  close(): void {
    if (this.over) return
    this.over = true
    this.vigil.end()
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
