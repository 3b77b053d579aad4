// The provider's window by each provider, with PortOne's SDK played by a fake.
import { flushPromises, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { portoneReturn, type Ended } from '@/purchase/portone'
import { openPage, refused, serve } from '@/testing/page'
import type { Order } from '@/wire/shop'
import OrderPayment from './OrderPayment.vue'

const sdk = { requestPayment: vi.fn<(request: unknown) => Promise<unknown>>() }

const krw = (amount: number) => ({ amount, currency: 'KRW' }) as const
const held: Order = {
  id: 'ord_1', number: '20260101-1', group_id: 'grp_1', seller_id: 'sel_1', status: 'pending_payment', payment_status: 'none', fulfillment_status: 'unfulfilled',
  lines: [{ id: 'lin_1', product_id: 'prd_1', variant_id: 'var_1', title: { ko: '머그컵', en: 'Mug' }, quantity: 1, unit_price: krw(9000), discount: krw(0), total: krw(9000) }],
  items_total: krw(9000), discount: krw(0), shipping: krw(3000), tax: krw(0), total: krw(12000), payment: { id: 'pay_1', provider: 'portone_v2', amount: krw(12000) }, ledger_seq: 1, placed_ms: 1,
}
const paid: Order = { ...held, status: 'paid', payment_status: 'paid' }
const PREPARE = 'POST /api/payments'
const CONFIRM = 'POST /api/payments/pay_1/confirm'
const READ = 'GET /api/orders/ord_1'
const prepared = { status: 200, body: { id: 'pay_1', amount: krw(12000), provider: 'portone_v2', store_id: 'store-1', channel_key: 'channel-1', pay_method: 'CARD' } }
const ok = (order: Order) => ({ status: 200, body: order })
let page: VueWrapper | undefined

async function shown(provider = 'portone_v2', ended: Ended | null = null): Promise<VueWrapper> {
  const order = { ...held, payment: { ...held.payment, provider }, payment_due_ms: Date.now() + 300_000 }
  page = (await openPage(OrderPayment, '/orders/ord_1', { order, ended })).page
  return page
}
async function pay(wanted: VueWrapper): Promise<void> {
  await wanted.get('.btn-primary').trigger('click')
  await flushPromises()
}
const updates = (wanted: VueWrapper): string[] => (wanted.emitted('update') ?? []).map(([order]) => (order as Order).status)

beforeEach(() => {
  sdk.requestPayment.mockReset()
  window.PortOne = sdk
})
afterEach(() => {
  page?.unmount()
  delete window.PortOne
  vi.unstubAllGlobals()
})

describe('PortOne’s window', () => {
  it('opens with what the server says, and its token goes to the server', async () => {
    const asked = serve({ [PREPARE]: prepared, [CONFIRM]: ok(paid) })
    sdk.requestPayment.mockResolvedValue({ transactionType: 'PAYMENT', txId: 'tx', paymentId: 'pay_1', paymentToken: 'ptk' })
    const wanted = await shown()
    expect(wanted.text()).not.toContain('Decline')
    expect(wanted.text()).not.toContain('no money moves')
    await pay(wanted)
    expect(sdk.requestPayment.mock.calls).toEqual([[{
      storeId: 'store-1', channelKey: 'channel-1', paymentId: 'pay_1', orderName: 'Mug', totalAmount: 12000, currency: 'KRW', payMethod: 'CARD',
      redirectUrl: `${location.origin}/orders/ord_1`, locale: 'EN_US',
    }]])
    expect(asked.map(({ method, path, body }) => [`${method} ${path}`, body])).toEqual([[PREPARE, { group_id: 'grp_1' }], [CONFIRM, { payment_token: 'ptk' }]])
    expect(updates(wanted)).toEqual(['paid'])
  })

  it('of a channel that charges by itself returns no token, and the server is asked all the same', async () => {
    const asked = serve({ [PREPARE]: prepared, [CONFIRM]: ok(paid) })
    sdk.requestPayment.mockResolvedValue({ transactionType: 'PAYMENT', txId: 'tx', paymentId: 'pay_1' })
    const wanted = await shown()
    await pay(wanted)
    expect(asked.at(-1)?.body).toEqual({})
    expect(updates(wanted)).toEqual(['paid'])
  })

  it('that is closed settles nothing, says why, and can be opened again', async () => {
    const asked = serve({ [PREPARE]: prepared, [READ]: ok(held) })
    sdk.requestPayment.mockResolvedValue({ transactionType: 'PAYMENT', txId: 'tx', paymentId: 'pay_1', code: 'FAILURE_TYPE_PG', message: 'the buyer has closed it' })
    const wanted = await shown()
    await pay(wanted)
    expect(asked.some(({ path }) => path.endsWith('/confirm'))).toBe(false)
    expect(wanted.get('[role=alert]').text()).toBe('The payment was not made: the buyer has closed it')
    expect(wanted.get('.btn-primary').attributes('disabled')).toBeUndefined()
    await pay(wanted)
    expect(sdk.requestPayment).toHaveBeenCalledTimes(2)
  })

  it('opens with the way to pay that the operator chose', async () => {
    serve({ [PREPARE]: { status: 200, body: { ...prepared.body, pay_method: 'EASY_PAY' } }, [CONFIRM]: ok(paid) })
    sdk.requestPayment.mockResolvedValue({ paymentId: 'pay_1' })
    await pay(await shown())
    expect(sdk.requestPayment.mock.calls[0]?.[0]).toMatchObject({ payMethod: 'EASY_PAY' })
  })

  it('whose script does not load says what to do, and the next try asks for it again', async () => {
    delete window.PortOne
    const asked: HTMLScriptElement[] = []
    vi.spyOn(document.head, 'append').mockImplementation((script) => void asked.push(script as HTMLScriptElement))
    serve({ [PREPARE]: prepared, [READ]: ok(held), [CONFIRM]: ok(paid) })
    const wanted = await shown()
    expect(asked).toEqual([])
    await pay(wanted)
    expect(asked.map(({ src }) => src)).toEqual(['https://cdn.portone.io/v2/browser-sdk.js'])
    asked[0]?.dispatchEvent(new Event('error'))
    await flushPromises()
    expect(wanted.get('[role=alert]').text()).toContain('cannot be opened')
    expect(wanted.get('.btn-primary').attributes('disabled')).toBeUndefined()
    sdk.requestPayment.mockResolvedValue({ paymentId: 'pay_1' })
    await pay(wanted)
    expect(asked).toHaveLength(2)
    window.PortOne = sdk
    asked[1]?.dispatchEvent(new Event('load'))
    await flushPromises()
    expect(updates(wanted).at(-1)).toBe('paid')
    vi.restoreAllMocks()
  })

  it('that cannot be opened says what to do', async () => {
    serve({ [PREPARE]: prepared, [READ]: ok(held) })
    sdk.requestPayment.mockRejectedValue(new Error('no window'))
    const wanted = await shown()
    await pay(wanted)
    expect(wanted.get('[role=alert]').text()).toContain('cannot be opened')
  })

  it('is not opened when the server does not prepare it, or says too little', async () => {
    serve({ [PREPARE]: [refused('payment_provider_unavailable', 502), { status: 200, body: { ...prepared.body, store_id: null } }], [READ]: ok(held) })
    const wanted = await shown()
    await pay(wanted)
    expect(wanted.get('[role=alert]').text()).toContain('provider does not answer')
    await pay(wanted)
    expect(wanted.get('[role=alert]').text()).toContain('cannot open the window')
    expect(sdk.requestPayment).not.toHaveBeenCalled()
  })

  it('leaves an outcome that the server does not know open, and never asks for money again', async () => {
    serve({ [PREPARE]: prepared, [CONFIRM]: refused('payment_provider_unavailable', 502) })
    sdk.requestPayment.mockResolvedValue({ transactionType: 'PAYMENT', txId: 'tx', paymentId: 'pay_1', paymentToken: 'ptk' })
    const wanted = await shown()
    await pay(wanted)
    expect(wanted.get('p[role=status]').text()).toContain('keeps asking')
    expect(wanted.get('.btn-primary').attributes('disabled')).toBeDefined()
  })

  it('on a phone comes back by the address, and goes on by itself', async () => {
    const asked = serve({ [CONFIRM]: ok(paid) })
    const back = portoneReturn({ paymentId: 'pay_1', paymentToken: 'ptk', transactionType: 'PAYMENT', txId: 'tx', from: 'mail' })
    expect(back).toEqual({ payment: 'pay_1', ended: { kind: 'returned', token: 'ptk' }, rest: { from: 'mail' } })
    const wanted = await shown('portone_v2', back?.ended)
    expect(asked.map(({ body }) => body)).toEqual([{ payment_token: 'ptk' }])
    expect(updates(wanted)).toEqual(['paid'])
    expect(portoneReturn({ paymentId: 'pay_1', code: 'X', message: 'no' })?.ended).toEqual({ kind: 'refused', reason: 'no' })
    expect(portoneReturn({ from: 'mail' })).toBeNull()
  })
})

describe('other windows', () => {
  it('the sandbox’s is played here, either way', async () => {
    const asked = serve({ 'POST /api/payments/pay_1/sandbox': { status: 200, body: { payment_token: 'sbx' } }, [CONFIRM]: ok(paid) })
    const wanted = await shown('sandbox')
    expect(wanted.text()).toContain('no money moves')
    await pay(wanted)
    expect(asked.map(({ body }) => body)).toEqual([{ approve: true }, { payment_token: 'sbx' }])
    expect(sdk.requestPayment).not.toHaveBeenCalled()
  })

  it('one that this page does not know is said to be so', async () => {
    serve({})
    const wanted = await shown('portone_v1')
    expect(wanted.get('[role=alert]').text()).toContain('cannot open the window')
    expect(wanted.find('.btn-primary').exists()).toBe(false)
  })
})
