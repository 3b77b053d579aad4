// A way to speak with a room: the data channels of the viewer's own peer connection, or a
// WebSocket that carries the same frames in one stream.
import { encodeClient, laneOf, type ClientFrame } from '@/wire/frame'
import { LANES, type Lane } from '@/wire/lane'

export interface LinkEvents {
  frame(json: string): void
  /** All of it works: frames may be sent. */
  open(): void
  /** It no longer works. Said once. */
  lost(): void
}

export interface Link {
  readonly kind: 'lanes' | 'socket'
  readonly isOpen: boolean
  /** Sends a frame; `false` when it could not even be queued. */
  send(frame: ClientFrame): boolean
  close(): void
}

/** The four data channels of a connection. Must be made before its offer. */
export class LaneLink implements Link {
  readonly kind = 'lanes'
  private readonly channels: Record<Lane, RTCDataChannel>
  private over = false

  constructor(peer: RTCPeerConnection, events: LinkEvents) {
    const text = new TextDecoder()
    const make = (lane: Lane): RTCDataChannel => {
      const channel = peer.createDataChannel(lane, LANES[lane])
      channel.binaryType = 'arraybuffer'
      channel.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (!this.over) events.frame(typeof data === 'string' ? data : text.decode(data))
      }
      channel.onopen = () => {
        if (this.isOpen) events.open()
      }
      channel.onclose = () => {
        if (this.over) return
        this.over = true
        events.lost()
      }
      return channel
    }
    this.channels = { control: make('control'), shop: make('shop'), stock: make('stock'), chat: make('chat') }
  }

  get isOpen(): boolean {
    return !this.over && Object.values(this.channels).every((channel) => channel.readyState === 'open')
  }

  send(frame: ClientFrame): boolean {
    if (!this.isOpen) return false
    try {
      this.channels[laneOf(frame)].send(encodeClient(frame))
      return true
    } catch {
      return false
    }
  }

  close(): void {
    this.over = true
  }
}

/** The room's WebSocket. */
export class SocketLink implements Link {
  readonly kind = 'socket'
  private readonly socket: WebSocket
  private over = false

  constructor(stream: string, events: LinkEvents) {
    const url = new URL(`/api/streams/${encodeURIComponent(stream)}/events`, window.location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    this.socket = new WebSocket(url)
    this.socket.onopen = () => events.open()
    this.socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.over && typeof data === 'string') events.frame(data)
    }
    this.socket.onclose = () => {
      if (this.over) return
      this.over = true
      events.lost()
    }
  }

  get isOpen(): boolean {
    return !this.over && this.socket.readyState === WebSocket.OPEN
  }

  send(frame: ClientFrame): boolean {
    if (!this.isOpen) return false
    this.socket.send(encodeClient(frame))
    return true
  }

  close(): void {
    this.over = true
    this.socket.close()
  }
}
