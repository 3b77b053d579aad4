// A bare WHEP player and a bare WHIP publisher inside Chromium, for what the media plane does on
// its own: no room, no lanes, no reconnecting, and optionally behind a relay.
import type { Page } from '@playwright/test'
import { type Demo } from './harness'
import { type Relay } from './relay'

/** What the player's video has done since it began. */
export interface Picture {
  framesDecoded: number
  height: number
  freezes: number
  frozenSeconds: number
  packetsLost: number
  nacks: number
  plis: number
  /** Milliseconds from the POST to the first picture on the screen; null before it. */
  firstMs: number | null
  state: string
}

interface Bare {
  peer: RTCPeerConnection
  /** The address of the session; only players have it. */
  session: string
  firstMs: number | null
}

/** Header extensions of a transceiver, as Chromium has them; TypeScript's library does not. */
interface Extending {
  getHeaderExtensionsToNegotiate(): { uri: string; direction: string }[]
  setHeaderExtensionsToNegotiate(extensions: { uri: string; direction: string }[]): void
}

type BareWindow = Window & { bare: Bare; relayed(port: number): Promise<number> }

/** Pages that know the way to their relay; one page may be tried more than once. */
const prepared = new WeakMap<Page, Relay | null>()

/** Opens a page of the site whose media goes through the relay, if there is one. */
async function prepare(page: Page, demo: Demo, relay: Relay | null): Promise<void> {
  await page.goto(demo.url('/login'))
  const known = prepared.has(page)
  prepared.set(page, relay)
  if (!known) await page.exposeFunction('relayed', (port: number) => prepared.get(page)?.front(port) ?? port)
}

/**
 * Plays a stream; returns once the answer is there. Without `repairs` it offers no NACK, with `tcp`
 * it knows the server's TCP addresses only, as if the network let no UDP through. With `descriptor`
 * it asks for the description of frames that comes with AV1.
 */
export async function play(page: Page, demo: Demo, relay: Relay | null = null, { repairs = true, tcp = false, descriptor = false } = {}): Promise<void> {
  await prepare(page, demo, relay)
  await page.evaluate(async ({ stream, repairs, tcp, descriptor }) => {
    const own = window as unknown as BareWindow
    const peer = new RTCPeerConnection()
    const bare: Bare = { peer, session: '', firstMs: null }
    own.bare = bare
    const media = new MediaStream()
    const video = document.createElement('video')
    Object.assign(video, { muted: true, autoplay: true, playsInline: true, srcObject: media })
    document.body.append(video)
    peer.ontrack = ({ track }) => media.addTrack(track)
    for (const kind of ['audio', 'video']) {
      const section = peer.addTransceiver(kind, { direction: 'recvonly' }) as unknown as Extending
      if (!descriptor) continue
      const wanted = section.getHeaderExtensionsToNegotiate()
      for (const extension of wanted) if (extension.uri.includes('dependency-descriptor')) extension.direction = 'sendrecv'
      section.setHeaderExtensionsToNegotiate(wanted)
    }
    await peer.setLocalDescription()
    const posted = performance.now()
    video.requestVideoFrameCallback(() => (bare.firstMs = performance.now() - posted))
    const headers = { 'content-type': 'application/sdp' }
    const offer = peer.localDescription?.sdp ?? ''
    const body = repairs ? offer : offer.replace(/^a=rtcp-fb:\d+ nack\r\n/gm, '')
    const response = await fetch(`/whep/${stream}`, { method: 'POST', headers, body })
    let sdp = await response.text()
    if (response.status !== 201) throw new Error(`${response.status} ${sdp}`)
    bare.session = response.headers.get('location') ?? ''
    const ports = new Set([...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+) /gim)].map(([, port]) => port))
    for (const port of ports) {
      const front = await own.relayed(Number(port))
      sdp = sdp.replace(new RegExp(`^(a=candidate:\\S+ 1 udp \\d+ \\S+) ${port} `, 'gim'), `$1 ${front} `)
    }
    sdp = sdp.replace(tcp ? /^a=candidate:\S+ 1 udp .*\r\n/gim : /^a=candidate:.* tcptype .*\r\n/gim, '')
    await peer.setRemoteDescription({ type: 'answer', sdp })
  }, { stream: demo.ready.stream_id, repairs, tcp, descriptor })
}

/** Which addresses a player's media goes between. */
export async function path(page: Page): Promise<{ remote: string; protocol: string }> {
  return page.evaluate(async () => {
    const { peer } = (window as unknown as BareWindow).bare
    const reports = await peer.getStats()
    const all = [...(reports.values() as Iterable<Record<string, unknown>>)]
    const transport = all.find((report) => report['type'] === 'transport')
    const pair = all.find((report) => report['id'] === transport?.['selectedCandidatePairId'])
    const remote = all.find((report) => report['id'] === pair?.['remoteCandidateId'])
    return { remote: String(remote?.['address']), protocol: String(remote?.['protocol']) }
  })
}

/** Restarts ICE of a player as RFC 9725 section 4.3.3 has it; returns the fragments before and after. */
export async function restart(page: Page): Promise<{ before: string[]; after: string[] }> {
  return page.evaluate(async () => {
    const { peer, session } = (window as unknown as BareWindow).bare
    const fragments = (): string[] => {
      const sides = [peer.localDescription, peer.remoteDescription]
      return sides.map((side) => /^a=ice-ufrag:(.*)\r$/m.exec(side?.sdp ?? '')?.[1] ?? '')
    }
    const before = fragments()
    const old = peer.remoteDescription?.sdp ?? ''
    peer.restartIce()
    await peer.setLocalDescription()
    const offer = peer.localDescription?.sdp ?? ''
    const line = (sdp: string, start: string): string => sdp.split('\r\n').find((each) => each.startsWith(start)) ?? ''
    const body = ['a=ice-ufrag:', 'a=ice-pwd:', 'm=', 'a=mid:'].map((start) => `${line(offer, start)}\r\n`).join('')
    const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' }
    const response = await fetch(session, { method: 'PATCH', headers, body })
    const fragment = await response.text()
    if (response.status !== 200) throw new Error(`${response.status} ${fragment}`)
    const sdp = ['a=ice-ufrag:', 'a=ice-pwd:'].reduce((sum, start) => sum.replace(new RegExp(`^${start}.*$`, 'gm'), line(fragment, start)), old)
    await peer.setRemoteDescription({ type: 'answer', sdp: `${sdp.trimEnd()}\r\n`.replace(/\r?\n/g, '\r\n') })
    return { before, after: fragments() }
  })
}

/** What the player shows now. */
export async function picture(page: Page): Promise<Picture> {
  return page.evaluate(async () => {
    const { peer, firstMs } = (window as unknown as BareWindow).bare
    const seen = { framesDecoded: 0, height: 0, freezes: 0, frozenSeconds: 0, packetsLost: 0, nacks: 0, plis: 0 }
    for (const report of (await peer.getStats()).values() as Iterable<Record<string, unknown>>) {
      if (report['type'] !== 'inbound-rtp' || report['kind'] !== 'video') continue
      const of = (name: string): number => Number(report[name] ?? 0)
      seen.framesDecoded = of('framesDecoded')
      seen.height = of('frameHeight')
      seen.freezes = of('freezeCount')
      seen.frozenSeconds = of('totalFreezesDuration')
      seen.packetsLost = of('packetsLost')
      seen.nacks = of('nackCount')
      seen.plis = of('pliCount')
    }
    return { ...seen, firstMs, state: peer.connectionState }
  })
}

/** A simulcast layer as Chromium's `sendEncodings` takes it. */
export interface Layer {
  rid: string
  scaleResolutionDownBy: number
  maxBitrate: number
}

/** Publishes a moving picture in these layers; returns once the answer is there. */
export async function publish(page: Page, demo: Demo, size: { width: number; height: number }, layers: Layer[]): Promise<void> {
  await prepare(page, demo, null)
  await page.evaluate(
    async ({ whip, key, size, layers }) => {
      // Everything moves all the time: an encoder spends on it what it may, at every size, and its
      // keyframes are not much larger than the rest. Few pictures a second leave the machine time.
      const canvas = Object.assign(document.createElement('canvas'), size)
      const brush = canvas.getContext('2d', { alpha: false })
      if (!brush) throw new Error('no canvas')
      const draw = (): void => {
        brush.fillStyle = '#456'
        brush.fillRect(0, 0, size.width, size.height)
        for (let cell = 0; cell < 80; cell += 1) {
          brush.fillStyle = `hsl(${Math.random() * 360} 60% ${20 + Math.random() * 60}%)`
          brush.fillRect(Math.random() * size.width, Math.random() * size.height, 48, 48)
        }
      }
      draw()
      setInterval(draw, 80)
      const [picture] = canvas.captureStream(12).getVideoTracks()
      const [sound] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()
      if (!picture || !sound) throw new Error('nothing to publish')
      const peer = new RTCPeerConnection()
      ;(window as unknown as BareWindow).bare = { peer, session: '', firstMs: null }
      peer.addTransceiver(sound, { direction: 'sendonly' })
      const video = peer.addTransceiver(picture, { direction: 'sendonly', sendEncodings: layers })
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? []
      const first = (codec: { mimeType: string }): number => Number(codec.mimeType !== 'video/VP8')
      video.setCodecPreferences([...codecs].sort((one, two) => first(one) - first(two)))
      await peer.setLocalDescription()
      const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${key}` }
      const response = await fetch(new URL(whip).pathname, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' })
      const sdp = await response.text()
      if (response.status !== 201) throw new Error(`${response.status} ${sdp}`)
      await peer.setRemoteDescription({ type: 'answer', sdp })
      // A machine that is busy costs pictures, not layers.
      await video.sender.setParameters({ ...video.sender.getParameters(), degradationPreference: 'maintain-resolution' })
    },
    { whip: demo.ready.whip, key: demo.ready.stream_key, size, layers },
  )
}

/** Whether the description of frames was offered and answered, and with which codec video goes. */
export interface Described {
  offered: boolean
  answered: boolean
  codec: string
}

/** Publishes a moving picture as one scalable AV1 stream; returns once the answer is there. */
export async function publishScalable(page: Page, demo: Demo, size: { width: number; height: number }, mode: string, maxBitrate: number): Promise<Described> {
  await prepare(page, demo, null)
  return page.evaluate(
    async ({ whip, key, size, mode, maxBitrate }) => {
      // As for simulcast: all of it moves, so that each layer costs something, and slowly.
      const canvas = Object.assign(document.createElement('canvas'), size)
      const brush = canvas.getContext('2d', { alpha: false })
      if (!brush) throw new Error('no canvas')
      setInterval(() => {
        for (let cell = 0; cell < 20; cell += 1) {
          brush.fillStyle = `hsl(${Math.random() * 360} 60% ${20 + Math.random() * 60}%)`
          brush.fillRect(Math.random() * size.width, Math.random() * size.height, 32, 32)
        }
      }, 80)
      const [picture] = canvas.captureStream(12).getVideoTracks()
      if (!picture) throw new Error('nothing to publish')
      const peer = new RTCPeerConnection()
      ;(window as unknown as BareWindow).bare = { peer, session: '', firstMs: null }
      const encoding = { scalabilityMode: mode, maxBitrate } as RTCRtpEncodingParameters
      const video = peer.addTransceiver(picture, { direction: 'sendonly', sendEncodings: [encoding] })
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? []
      video.setCodecPreferences(codecs.filter((codec) => /AV1|rtx/i.test(codec.mimeType)))
      const section = video as unknown as Extending
      const wanted = section.getHeaderExtensionsToNegotiate()
      for (const extension of wanted) if (extension.uri.includes('dependency-descriptor')) extension.direction = 'sendrecv'
      section.setHeaderExtensionsToNegotiate(wanted)
      await peer.setLocalDescription()
      const offer = peer.localDescription?.sdp ?? ''
      const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${key}` }
      const response = await fetch(new URL(whip).pathname, { method: 'POST', headers, body: offer })
      const sdp = await response.text()
      if (response.status !== 201) throw new Error(`${response.status} ${sdp}`)
      await peer.setRemoteDescription({ type: 'answer', sdp })
      const codec = /^a=rtpmap:\d+ (\w+)\/90000/m.exec(sdp)?.[1] ?? ''
      return { offered: offer.includes('dependency-descriptor'), answered: sdp.includes('dependency-descriptor'), codec }
    },
    { whip: demo.ready.whip, key: demo.ready.stream_key, size, mode, maxBitrate },
  )
}

/** Bits a second of the video layers that a broadcast's publisher sends now, the most first. */
export async function layerBitrates(demo: Demo, token: string): Promise<number[]> {
  const { publisher } = (await demo.api(`/api/admin/broadcasts/${demo.ready.stream_id}`, { token })) as {
    publisher?: { tracks: { kind: string; bitrate: number }[] }
  }
  const video = publisher?.tracks.filter((track) => track.kind === 'video') ?? []
  return video.map((track) => track.bitrate).sort((one, two) => two - one)
}
