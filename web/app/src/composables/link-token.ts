// The one-time token of a mail's link. It stands behind a `#`, which goes to no server and into no
// `Referer`; here it is taken out of the address bar and the history at once, before anything else
// of the page may look at it, and lives in the page's memory only.
import { ref, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** The token, empty without one. Another link that is opened in the same tab brings another. */
export function useLinkToken(): Ref<string> {
  const route = useRoute()
  const router = useRouter()
  const token = ref('')
  watch(
    () => route.hash,
    (hash) => {
      if (hash.length < 2) return
      token.value = hash.slice(1)
      void router.replace({ path: route.path, query: route.query })
    },
    { immediate: true },
  )
  return token
}
