// ICE restart by PATCH (RFC 9725 section 4.3.3): a viewer that changed networks keeps its session,
// and with it its lanes and its place, instead of joining anew. The text work is here, the
// exchange is in `exchange.ts`.

/** What the browser would trickle: the sections of its offer with the new credentials. */
export function restartFragment(offer: string): string {
  const lines = offer.split('\r\n')
  const keep = (start: string): string[] => lines.filter((line) => line.startsWith(start)).slice(0, 1)
  const media = lines.findIndex((line) => line.startsWith('m='))
  if (media < 0) return ''
  const kind = lines[media]?.slice(2).split(' ')[0] ?? 'audio'
  const mid = lines.slice(media).find((line) => line.startsWith('a=mid:'))
  return [
    ...keep('a=group:BUNDLE'),
    `m=${kind} 9 UDP/TLS/RTP/SAVPF 0`,
    ...(mid ? [mid] : []),
    ...keep('a=ice-ufrag:'),
    ...keep('a=ice-pwd:'),
    '',
  ].join('\r\n')
}

/** The answer of before with what the server says in reply; `null` when it says too little. */
export function restartedAnswer(answer: string, fragment: string): string | null {
  const said = fragment.split(/\r?\n/)
  const ufrag = said.find((line) => line.startsWith('a=ice-ufrag:'))
  const password = said.find((line) => line.startsWith('a=ice-pwd:'))
  const candidates = said.filter((line) => line.startsWith('a=candidate:'))
  if (!ufrag || !password || candidates.length === 0) return null
  const lines: string[] = []
  let placed = false
  for (const line of answer.split('\r\n')) {
    if (line.startsWith('a=candidate:') || line === 'a=end-of-candidates') continue
    if (line.startsWith('a=ice-ufrag:')) lines.push(ufrag)
    else if (line.startsWith('a=ice-pwd:')) lines.push(password)
    else lines.push(line)
    // Everything is bundled, so the first section carries the candidates for all.
    if (!placed && line.startsWith('a=mid:')) {
      lines.push(...candidates, 'a=end-of-candidates')
      placed = true
    }
  }
  return placed ? lines.join('\r\n') : null
}
