// Answers a service's page that has /session/check in a frame: whether the session that it was told
// of is still this browser's (OpenID Connect Session Management 1.0 §3.2). A classic script, served
// as it is.
{
  const { cookie } = document.currentScript.dataset

  const browserState = () => {
    const pair = document.cookie.split('; ').find(one => one.startsWith(`${cookie}=`))
    return pair ? pair.slice(cookie.length + 1) : ''
  }

  const sha256 = async text => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
    return btoa(String.fromCharCode(...new Uint8Array(digest)))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '')
  }

  /** `CLIENT_ID SESSION_STATE`, and the origin that the browser says it comes from. */
  const answer = async (message, origin) => {
    const parts = /^([\x21-\x7e]+) ([\w-]{43})\.([\w-]+)$/.exec(message)
    if (!parts) {
      return 'error'
    }
    const [, clientId, digest, salt] = parts
    const now = await sha256(`${clientId} ${origin} ${browserState()} ${salt}`)
    return now === digest ? 'unchanged' : 'changed'
  }

  window.addEventListener('message', async ({ data, origin, source }) => {
    // Whoever has no origin, or is this page itself, asks in vain.
    if (!source || source === window || origin === 'null') {
      return
    }
    source.postMessage(await answer(data, origin).catch(() => 'error'), origin)
  })
}
