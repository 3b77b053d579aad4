// One publishing session over WHIP: the host's camera and microphone, or a shared screen.
import { endSession, exchange } from './exchange'

/** Highest video rate, bits per second. */
const VIDEO_RATE = 2_500_000
const PATIENCE_MS = 6000

export interface BroadcasterEvents {
  connected(): void
  dropped(): void
}

export class Broadcaster {
  private readonly peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  private session = ''
  private over = false
  private deadline: ReturnType<typeof setTimeout> | undefined

  constructor(
    media: MediaStream,
    private readonly events: BroadcasterEvents,
  ) {
    const [audio] = media.getAudioTracks()
    const [video] = media.getVideoTracks()
    if (audio) this.peer.addTransceiver(audio, { direction: 'sendonly', streams: [media] })
    if (video) {
      video.contentHint = 'motion'
      this.peer.addTransceiver(video, { direction: 'sendonly', streams: [media], sendEncodings: [{ maxBitrate: VIDEO_RATE }] })
    }
    this.peer.onconnectionstatechange = () => this.watch()
  }

  /** Publishes with a publish ticket or a stream key. Throws `ApiError` when the server refuses. */
  async start(url: string, bearer: string): Promise<void> {
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
    clearTimeout(this.deadline)
    this.peer.onconnectionstatechange = null
    this.peer.close()
    endSession(this.session)
  }

  private watch(): void {
    clearTimeout(this.deadline)
    const state = this.peer.connectionState
    if (state === 'connected') this.events.connected()
    else if (state === 'failed' || state === 'closed') this.drop()
    else if (state === 'disconnected') this.deadline = setTimeout(() => this.drop(), PATIENCE_MS)
  }

  private drop(): void {
    if (this.over) return
    this.close()
    this.events.dropped()
  }
}
