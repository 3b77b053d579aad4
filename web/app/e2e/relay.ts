// A UDP relay between a browser and the media port that behaves as a bad network does: loss,
// jitter, a limited rate, another source port. Seeded, so that a run can be made again; portable,
// because it needs neither root nor the kernel's help.
import { createSocket, type Socket } from 'node:dgram'

/** One direction. Nothing set is a good network. */
export interface Weather {
  /** Share of datagrams that is lost, 0 to 1. */
  loss?: number
  delayMs?: number
  /** Up to this much more; datagrams do not overtake each other. */
  jitterMs?: number
  /** What gets through, in kbit/s, with a queue of `queueMs` before it (300 when not said). */
  rateKbps?: number
  queueMs?: number
}

interface Lane {
  weather: Weather
  busyUntil: number
  latest: number
  carried: number
  lost: number
}

/** What one direction has carried and lost. */
export interface Carried {
  carried: number
  lost: number
}

const lane = (): Lane => ({ weather: {}, busyUntil: 0, latest: 0, carried: 0, lost: 0 })

/** A relay for one viewer or publisher. */
export class Relay {
  private readonly up = lane()
  private readonly down = lane()
  private readonly fronts = new Map<number, Socket>()
  private upstream = new Map<string, Socket>()
  private readonly random: () => number
  private closed = false

  constructor(seed: number) {
    this.random = generator(seed)
  }

  /** The weather from now on. */
  set(weather: { up?: Weather; down?: Weather }): void {
    this.up.weather = weather.up ?? {}
    this.down.weather = weather.down ?? {}
  }

  /** A local port that leads to this port of the server. */
  async front(port: number): Promise<number> {
    const known = this.fronts.get(port)
    if (known) return known.address().port
    const socket = createSocket('udp4')
    this.fronts.set(port, socket)
    socket.on('message', (bytes, from) => {
      const back = this.back(port, socket, from.address, from.port)
      this.carry(this.up, bytes.length, () => back().send(bytes, port, '127.0.0.1', ignore))
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    return socket.address().port
  }

  /** Every client is seen at another source port from now on; what still goes to the old one is lost. */
  rebind(): void {
    const old = this.upstream
    this.upstream = new Map()
    for (const socket of old.values()) socket.close()
  }

  /** What was carried so far. */
  carried(): { up: Carried; down: Carried } {
    const of = ({ carried, lost }: Lane): Carried => ({ carried, lost })
    return { up: of(this.up), down: of(this.down) }
  }

  close(): void {
    this.closed = true
    for (const socket of [...this.fronts.values(), ...this.upstream.values()]) socket.close()
  }

  /** The socket with which the server sees this client, made at its first datagram. */
  private back(port: number, front: Socket, address: string, clientPort: number): () => Socket {
    const key = `${port} ${address} ${clientPort}`
    return () => {
      const known = this.upstream.get(key)
      if (known) return known
      const socket = createSocket('udp4')
      this.upstream.set(key, socket)
      socket.on('message', (bytes) => {
        if (this.upstream.get(key) !== socket) return
        this.carry(this.down, bytes.length, () => front.send(bytes, clientPort, address, ignore))
      })
      socket.bind(0, '127.0.0.1')
      return socket
    }
  }

  private carry(lane: Lane, bytes: number, deliver: () => void): void {
    lane.carried += 1
    const { loss = 0, delayMs = 0, jitterMs = 0, rateKbps, queueMs = 300 } = lane.weather
    const now = performance.now()
    let leaves = now
    if (rateKbps !== undefined) {
      leaves = Math.max(now, lane.busyUntil)
      if (leaves - now > queueMs) return void (lane.lost += 1)
      leaves += ((bytes + 28) * 8) / rateKbps
      lane.busyUntil = leaves
    }
    if (this.random() < loss) return void (lane.lost += 1)
    lane.latest = Math.max(lane.latest, leaves + delayMs + this.random() * jitterMs)
    const wait = lane.latest - now
    if (wait < 0.5) return deliver()
    setTimeout(() => {
      if (!this.closed) deliver()
    }, wait)
  }
}

function ignore(): void {
  // The other side is gone; what was sent to it is lost, as in any network.
}

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
