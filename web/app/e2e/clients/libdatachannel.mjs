// Publishes a clip by WHIP through libdatachannel, the library inside OBS, with the offer that OBS
// makes: mids 0 and 1, Opus 111, H.264 96, the two header extensions on video, no data section, no
// trickle. Like OBS it takes exactly 201 with a body and a Location for success.
//
//   node libdatachannel.mjs WHIP_URL STREAM_KEY clip.h264 clip.ogg [lower.h264 lowest.h264 …]
//
// With more than one video it offers simulcast as OBS does since 32.1: rids 0, 1, 2 with 0 the
// highest, no SSRC lines in the video section, equal timestamps in all layers.
//
// Says one JSON object a line; on SIGTERM or end of input it deletes its session and leaves.
import { readFileSync } from 'node:fs'
import ndc from 'node-datachannel'
import { accessUnits, opusPackets } from './clip.mjs'
import { Layer } from './rtp.mjs'

const FRAMES_PER_SECOND = 30
const VIDEO = { payloadType: 96, clockRate: 90_000, ssrc: 1_001 }
const AUDIO = { payloadType: 111, clockRate: 48_000, ssrc: 1_000 }
const OPUS_SAMPLES = 960
const CNAME = 'Zy9Xw8Vu7Ts6Rq5P'

const [url, key, videoFile, audioFile, ...lowerFiles] = process.argv.slice(2)
if (!audioFile) throw new Error('libdatachannel.mjs WHIP_URL STREAM_KEY clip.h264 clip.ogg')
const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`)

const peer = new ndc.PeerConnection('publisher', { iceServers: [], disableAutoNegotiation: true })
const audio = addTrack(new ndc.Audio('0', 'SendOnly'), AUDIO, (media) => media.addOpusCodec(AUDIO.payloadType))
const video = addTrack(new ndc.Video('1', 'SendOnly'), VIDEO, (media) => {
  media.addH264Codec(VIDEO.payloadType)
  media.parseSdpLine('a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid')
  media.parseSdpLine('a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id')
})

const rids = lowerFiles.length > 0 ? [videoFile, ...lowerFiles].map((_, rid) => String(rid)) : []

/** The video section names its layers instead of an SSRC. */
function withLayers(offer) {
  const layers = [...rids.map((rid) => `a=rid:${rid} send`), `a=simulcast:send ${rids.join(';')}`]
  const [session, audioSection, videoSection] = offer.split(/^(?=m=)/m)
  const lines = videoSection.split('\r\n').filter((line) => line && !line.startsWith('a=ssrc'))
  return `${session}${audioSection}${[...lines, ...layers].join('\r\n')}\r\n`
}

function addTrack(media, { ssrc, payloadType, clockRate }, addCodec) {
  addCodec(media)
  media.addSSRC(ssrc, CNAME, 'obs', `obs-${payloadType}`)
  const track = peer.addTrack(media)
  // Packets of layers are made by hand; libdatachannel seals and sends them.
  if (payloadType === VIDEO.payloadType && lowerFiles.length > 0) return { track, config: null, first: 0 }
  const config = new ndc.RtpPacketizationConfig(ssrc, CNAME, payloadType, clockRate)
  const packetizer =
    payloadType === VIDEO.payloadType ? new ndc.H264RtpPacketizer('StartSequence', config) : new ndc.RtpPacketizer(config)
  packetizer.addToChain(new ndc.RtcpSrReporter(config))
  packetizer.addToChain(new ndc.RtcpNackResponder(4000))
  track.setMediaHandler(packetizer)
  return { track, config, first: config.timestamp }
}

/** Posts the offer at once, before any candidate is known, and takes the answer. */
async function publish() {
  const offered = new Promise((resolve) => peer.onLocalDescription(resolve))
  peer.setLocalDescription('offer')
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/sdp' },
    body: rids.length > 0 ? withLayers(await offered) : await offered,
  })
  const answer = await response.text()
  const location = response.headers.get('location')
  if (response.status !== 201 || !location || !answer.startsWith('v=0')) {
    throw new Error(`refused: ${response.status} ${answer}`)
  }
  peer.setRemoteDescription(answer, 'answer')
  return new URL(location, response.url)
}

/** Sends the clip over and over, each packet when its time has come. */
function play(frames, packets) {
  const began = performance.now()
  let frame = 0
  let packet = 0
  return setInterval(() => {
    const seconds = (performance.now() - began) / 1000
    for (; frame < seconds * FRAMES_PER_SECOND; frame += 1) {
      const elapsed = frame * (VIDEO.clockRate / FRAMES_PER_SECOND)
      if (layers.length === 0) send(video, elapsed, frames[frame % frames.length])
      for (const { layer, units } of layers) sendLayer(layer, elapsed, units[frame % units.length])
    }
    for (; packet < (seconds * AUDIO.clockRate) / OPUS_SAMPLES; packet += 1) {
      send(audio, packet * OPUS_SAMPLES, packets[packet % packets.length])
    }
  }, 5)
}

function send({ track, config, first }, elapsed, bytes) {
  if (!track.isOpen()) return
  config.timestamp = (first + elapsed) >>> 0
  track.sendMessageBinary(bytes)
}

function sendLayer(layer, elapsed, unit) {
  if (!video.track.isOpen()) return
  for (const packet of layer.packets(unit, elapsed)) video.track.sendMessageBinary(packet)
}

const layers = rids.map((rid, at) => ({
  layer: new Layer({ ssrc: VIDEO.ssrc + at, payloadType: VIDEO.payloadType, mid: '1', rid }),
  units: accessUnits(readFileSync([videoFile, ...lowerFiles][at])),
}))
const frames = accessUnits(readFileSync(videoFile))
const packets = opusPackets(readFileSync(audioFile))
peer.onStateChange((state) => {
  say('state', { state })
  if (state === 'connected') timer = play(frames, packets)
  if (state === 'disconnected' || state === 'failed' || state === 'closed') leave()
})

let timer
let session
let leaving = false

async function leave() {
  if (leaving) return
  leaving = true
  clearInterval(timer)
  if (session) {
    const response = await fetch(session, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } }).catch(() => null)
    say('deleted', { status: response?.status ?? null })
  }
  peer.close()
  ndc.cleanup()
  process.exit(0)
}

process.on('SIGTERM', leave)
process.on('SIGINT', leave)
process.stdin.on('end', leave).resume()
session = await publish()
say('published', { session: session.pathname, frames: frames.length, packets: packets.length })
