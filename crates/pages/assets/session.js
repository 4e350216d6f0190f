// Answers a service's page that has /session/check in a frame: whether the session that it was told
// of is still this browser's (OpenID Connect Session Management 1.0 §3.2). A classic script that
// answers at once: the browser's own SHA-256 is not in every browser that has frames, nor without
// https.
import { sha256 } from 'js-sha256'

const { cookie } = document.currentScript.dataset

function browserState() {
  const pair = document.cookie.split('; ').find(one => one.startsWith(`${cookie}=`))
  return pair ? pair.slice(cookie.length + 1) : ''
}

function digested(text) {
  return btoa(String.fromCharCode.apply(null, sha256.array(text)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

/** The answer to `CLIENT_ID SESSION_STATE`, from the origin that the browser says it comes from. */
function answer(message, origin) {
  const parts = /^([\x21-\x7e]+) ([\w-]{43})\.([\w-]+)$/.exec(message)
  if (!parts) {
    return 'error'
  }
  const [, clientId, digest, salt] = parts
  const now = digested(`${clientId} ${origin} ${browserState()} ${salt}`)
  return now === digest ? 'unchanged' : 'changed'
}

window.addEventListener('message', ({ data, origin, source }) => {
  // Whoever has no origin, or is this page itself, asks in vain.
  if (source && source !== window && origin !== 'null') {
    source.postMessage(answer(data, origin), origin)
  }
})
