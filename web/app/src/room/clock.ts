// The server's clock as this page knows it: the ping with the shortest round trip is the best
// witness. Countdowns run on it, never on the device's own clock.

export class ServerClock {
  private offset = 0
  private bestTrip = Infinity

  /** Takes an answered ping; all times in milliseconds. */
  pong(sentMs: number, serverMs: number, nowMs: number): void {
    const trip = nowMs - sentMs
    if (trip < 0 || trip > this.bestTrip) return
    this.bestTrip = trip
    this.offset = serverMs + trip / 2 - nowMs
  }

  /** A first, rough idea from a snapshot, until a ping is answered. */
  hint(serverMs: number, nowMs: number): void {
    if (this.bestTrip === Infinity) this.offset = serverMs - nowMs
  }

  now(nowMs: number = Date.now()): number {
    return nowMs + this.offset
  }
}
