import { expect, test } from 'vitest'
import { wantDescriptor } from './descriptor'

const URI = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'

test('the description of frames is offered, and nothing else changes', () => {
  const extensions = [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', direction: 'sendrecv' }, { uri: 'urn:3gpp:video-orientation', direction: 'stopped' }, { uri: URI, direction: 'stopped' }]
  const section = {
    getHeaderExtensionsToNegotiate: () => extensions.map((each) => ({ ...each })),
    set: [] as { uri: string; direction: string }[],
    setHeaderExtensionsToNegotiate(wanted: { uri: string; direction: string }[]) {
      this.set = wanted
    },
  }
  wantDescriptor(section)
  expect(section.set).toEqual([extensions[0], extensions[1], { uri: URI, direction: 'sendrecv' }])
})

test('browsers that know no description, or refuse, play on', () => {
  wantDescriptor({})
  const section = {
    getHeaderExtensionsToNegotiate: () => [{ uri: URI, direction: 'stopped' }],
    setHeaderExtensionsToNegotiate: () => {
      throw new Error('not now')
    },
  }
  expect(() => wantDescriptor(section)).not.toThrow()
})
