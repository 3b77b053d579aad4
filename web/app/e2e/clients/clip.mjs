// Cuts recorded media into what a packetizer takes: H.264 byte streams into access units, Ogg into
// Opus packets. Clips are our own and well-formed: one slice a picture.

const NAL_SLICE = 1
const NAL_IDR = 5

/** The access units of an H.264 byte stream (Annex B), start codes included. */
export function accessUnits(bytes) {
  const units = []
  let begin = 0
  let previous = 0
  for (const unit of nalUnits(bytes)) {
    if (previous === NAL_SLICE || previous === NAL_IDR) {
      units.push(bytes.subarray(begin, unit.begin))
      begin = unit.begin
    }
    previous = unit.type
  }
  units.push(bytes.subarray(begin))
  return units
}

/** Where each NAL unit's start code begins, and the unit's type. */
function* nalUnits(bytes) {
  for (let at = 0; at + 3 < bytes.length; at += 1) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue
    const begin = at > 0 && bytes[at - 1] === 0 ? at - 1 : at
    yield { begin, type: bytes[at + 3] & 31 }
    at += 2
  }
}

/** The Opus packets of an Ogg file, without its two header packets (RFC 3533, RFC 7845). */
export function opusPackets(bytes) {
  const packets = []
  let rest = Buffer.alloc(0)
  for (let page = 0; page + 27 <= bytes.length; ) {
    const segments = bytes[page + 26]
    const table = bytes.subarray(page + 27, page + 27 + segments)
    let at = page + 27 + segments
    for (const length of table) {
      rest = Buffer.concat([rest, bytes.subarray(at, at + length)])
      at += length
      if (length < 255) {
        packets.push(rest)
        rest = Buffer.alloc(0)
      }
    }
    page = at
  }
  return packets.slice(2)
}
