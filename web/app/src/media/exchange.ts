// Offer and answer over HTTP, as WHIP and WHEP do it: POST the offer, take the answer and the
// address of the session, DELETE the session at the end. The server learns addresses from the
// connectivity checks, so the offer goes out at once and nothing is trickled.
import { ApiError, refusal } from '@/api/http'
import { localProblem } from '@/wire/problem'

/** Longest wait for an answer. */
const ANSWER_MS = 8000

/** POSTs the connection's offer and applies the answer. Returns the session's address. */
export async function exchange(peer: RTCPeerConnection, url: string, bearer: string | null, munge = (sdp: string) => sdp): Promise<string> {
  const offer = await peer.createOffer()
  await peer.setLocalDescription({ type: 'offer', sdp: munge(offer.sdp ?? '') })
  const headers: Record<string, string> = { 'content-type': 'application/sdp', accept: 'application/sdp' }
  if (bearer !== null) headers['authorization'] = `Bearer ${bearer}`
  let response: Response
  try {
    response = await fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '', signal: AbortSignal.timeout(ANSWER_MS) })
  } catch {
    throw new ApiError(localProblem('offline', 0))
  }
  if (response.status !== 201) throw new ApiError(await refusal(response))
  const location = response.headers.get('location')
  const answer = await response.text()
  const session = location ? new URL(location, new URL(url, window.location.href)).href : ''
  try {
    await peer.setRemoteDescription({ type: 'answer', sdp: answer })
  } catch (error) {
    endSession(session)
    throw error
  }
  return session
}

/** Ends a session on the server; works while the page unloads. */
export function endSession(session: string): void {
  if (session !== '') void fetch(session, { method: 'DELETE', keepalive: true }).catch(() => undefined)
}
