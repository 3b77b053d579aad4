// The four lanes of a room and the data channels that carry them, agreed on beforehand so that
// they work the moment SCTP is up.
import { word, type Read } from './shape'

export const lane = word('control', 'shop', 'stock', 'chat')
export type Lane = Read<typeof lane>

/** How each lane's channel is opened; ids and reliability are the server's too. */
export const LANES: Readonly<Record<Lane, RTCDataChannelInit & { id: number }>> = {
  control: { id: 0, negotiated: true, ordered: true },
  shop: { id: 1, negotiated: true, ordered: true },
  stock: { id: 2, negotiated: true, ordered: false, maxRetransmits: 0 },
  chat: { id: 3, negotiated: true, ordered: true },
}
