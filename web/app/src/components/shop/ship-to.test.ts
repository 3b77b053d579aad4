// Where an order goes: what was said, the saved addresses, the form and what the server refuses.
import { flushPromises, type DOMWrapper, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openPage, refused, serve } from '@/testing/page'
import type { Order } from '@/wire/shop'
import ShipTo from './ShipTo.vue'

const GET = 'GET /api/orders/ord_1/ship-to'
const PUT = 'PUT /api/orders/ord_1/ship-to'
const SAVED = 'GET /api/users/addresses'
const address = { recipient: '김민아', phone: '010-1234-5678', country: 'KR', postcode: '06236', region: '', city: '', line1: '테헤란로 1', line2: '', note: '' }
const kept = (id: string, is_default: boolean) => ({ id, label: '', is_default, address: { ...address, line1: `street ${id}` } })
const none = { status: 200, body: { data: [] } }
const order = (status: Order['status'] = 'paid'): Order => ({ id: 'ord_1', status }) as Order
let page: VueWrapper | undefined

async function shown(status?: Order['status']): Promise<VueWrapper> {
  page = (await openPage(ShipTo, '/orders/ord_1', { order: order(status) })).page
  return page
}
const press = async (wanted: VueWrapper, name: string): Promise<void> => {
  await wanted.findAll('button').find((each) => each.text().startsWith(name))?.trigger('click')
  await flushPromises()
}
const labelled = (wanted: VueWrapper, label: string): Omit<DOMWrapper<Element>, 'exists'> => {
  const found = wanted.findAll('label').find((each) => each.text() === label)
  return wanted.get(`[id="${found?.attributes('for')}"]`)
}
async function submit(wanted: VueWrapper): Promise<void> {
  await wanted.get('form').trigger('submit')
  await flushPromises()
}

afterEach(() => {
  page?.unmount()
  vi.unstubAllGlobals()
})

describe('the delivery address', () => {
  it('is shown, with a way to change it while it can be changed', async () => {
    serve({ [GET]: { status: 200, body: address } })
    const paid = await shown('paid')
    expect(paid.text()).toContain('(06236) 테헤란로 1')
    expect(paid.find('button').text()).toContain('Change')
    paid.unmount()
    const shipped = await shown('shipped')
    expect(shipped.text()).toContain('테헤란로 1')
    expect(shipped.find('button').exists()).toBe(false)
  })

  it('is not asked of an order that is over', async () => {
    serve({})
    expect((await shown('expired')).find('section').exists()).toBe(false)
  })

  it('says that it could not be read, and tries again', async () => {
    serve({ [GET]: [refused('unavailable', 503), { status: 200, body: address }] })
    const wanted = await shown()
    expect(wanted.get('[role=alert]').text()).toContain('Not available')
    await press(wanted, 'Try again')
    expect(wanted.text()).toContain('테헤란로 1')
  })

  it('is one of the saved ones, the default first', async () => {
    const asked = serve({ [SAVED]: { status: 200, body: { data: [kept('adr_1', false), kept('adr_2', true)] } }, [PUT]: { status: 200, body: address } })
    const wanted = await shown()
    await press(wanted, 'Add an address')
    expect((wanted.get('input[value=adr_2]').element as HTMLInputElement).checked).toBe(true)
    expect(wanted.find('form').exists()).toBe(false)
    await press(wanted, 'Deliver here')
    expect(asked.at(-1)).toEqual({ method: 'PUT', path: '/api/orders/ord_1/ship-to', body: { address_id: 'adr_2' } })
    expect(wanted.text()).toContain('테헤란로 1')
    expect(document.activeElement?.textContent).toBe('Delivery address')
  })

  it('is a new one, kept in the account when asked to', async () => {
    const asked = serve({ [SAVED]: none, [PUT]: { status: 200, body: address }, 'POST /api/users/addresses': { status: 201, body: { id: 'adr_1', label: '', is_default: true, address } } })
    const wanted = await shown()
    await press(wanted, 'Add an address')
    await labelled(wanted, 'Recipient').setValue(' 김민아 ')
    await wanted.get('input[type=checkbox]').setValue(true)
    await submit(wanted)
    const sent = { ...address, phone: '', postcode: '', line1: '' }
    expect(asked.slice(-2).map(({ method, body }) => [method, body])).toEqual([['PUT', { address: sent }], ['POST', { address: sent }]])
  })

  it('stays when it cannot be kept in the account, and says so', async () => {
    serve({ [SAVED]: none, [PUT]: { status: 200, body: address }, 'POST /api/users/addresses': refused('limit_reached', 409) })
    const wanted = await shown()
    await press(wanted, 'Add an address')
    await wanted.get('input[type=checkbox]').setValue(true)
    await submit(wanted)
    expect(wanted.text()).toContain('테헤란로 1')
    expect(wanted.text()).toContain('could not be kept in your account')
  })

  it('shows each refusal at its field, and goes to the first', async () => {
    const errors = [
      { pointer: '/phone', code: 'format', detail: 'A telephone number, such as 010-1234-5678.' },
      { pointer: '/line1', code: 'max', detail: 'At most 120 characters.' },
    ]
    serve({ [SAVED]: none, [PUT]: refused('validation_error', 422, errors) })
    const wanted = await shown()
    await press(wanted, 'Add an address')
    await labelled(wanted, 'Recipient').setValue('Mina')
    await submit(wanted)
    const said = (label: string): string => (labelled(wanted, label).attributes('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent).join(' ')
    expect(said('Phone')).toContain('such as 010-1234-5678')
    expect(said('Street and number')).toContain('At most 120 characters.')
    expect(labelled(wanted, 'Recipient').attributes('aria-invalid')).toBeUndefined()
    expect(document.activeElement).toBe(labelled(wanted, 'Phone').element)
    expect(wanted.find('[role=alert]').exists()).toBe(false)
    expect((labelled(wanted, 'Recipient').element as HTMLInputElement).value).toBe('Mina')
  })

  it('can be written when the saved ones cannot be read', async () => {
    serve({ [SAVED]: refused('unavailable', 503), [PUT]: { status: 200, body: address } })
    const wanted = await shown()
    await press(wanted, 'Add an address')
    expect(wanted.text()).toContain('could not be loaded')
    await submit(wanted)
    expect(wanted.text()).toContain('테헤란로 1')
  })

  it('says when it is too late, and when a saved one is gone', async () => {
    serve({ [SAVED]: { status: 200, body: { data: [kept('adr_1', true)] } }, [PUT]: [refused('conflict', 409), refused('not_found', 404)] })
    const wanted = await shown()
    await press(wanted, 'Add an address')
    await press(wanted, 'Deliver here')
    expect(wanted.get('[role=alert]').text()).toContain('its address stays')
    await press(wanted, 'Deliver here')
    expect(wanted.get('[role=alert]').text()).toContain('no longer saved')
  })
})
