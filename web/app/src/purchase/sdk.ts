// PortOne's browser SDK, which PortOne serves as a script: loaded when somebody pays and not before.
// Only what the shop uses of it is described.

const SCRIPT = 'https://cdn.portone.io/v2/browser-sdk.js'
/** After so long it counts as unreachable. */
const WAIT_MS = 20_000

export const payMethods = ['CARD', 'EASY_PAY', 'TRANSFER', 'MOBILE', 'GIFT_CERTIFICATE'] as const
export type PayMethod = (typeof payMethods)[number]

/** What the window is opened with. */
export interface PaymentRequest {
  storeId: string
  channelKey: string
  paymentId: string
  orderName: string
  /** In minor units. */
  totalAmount: number
  currency: string
  payMethod: PayMethod
  /** Where phones come back to. */
  redirectUrl: string
  locale: 'KO_KR' | 'EN_US'
}

export interface PortOne {
  /** Opens the window. Nothing comes back when the page itself goes to the provider's. */
  requestPayment(request: PaymentRequest): Promise<unknown>
}

declare global {
  interface Window {
    PortOne?: PortOne
  }
}

let loading: Promise<PortOne> | null = null

/** The SDK; the script is asked for once, and again after it did not come. */
export function loadPortone(): Promise<PortOne> {
  if (window.PortOne) return Promise.resolve(window.PortOne)
  loading ??= new Promise<PortOne>((resolve, reject) => {
    const script = document.createElement('script')
    const timer = setTimeout(failed, WAIT_MS)
    function failed(): void {
      clearTimeout(timer)
      loading = null
      script.remove()
      reject(new Error('PortOne’s script does not load'))
    }
    script.onerror = failed
    script.onload = () => {
      if (!window.PortOne) return failed()
      clearTimeout(timer)
      loading = null
      resolve(window.PortOne)
    }
    script.async = true
    script.src = SCRIPT
    document.head.append(script)
  })
  return loading
}
