// Asks the browser for a passkey when the page's button is pressed, and sends its answer, or why
// there is none, with the page's form (WebAuthn Level 3 §5.1). Options and answers are in the JSON
// form of §5.1.8 and §5.1.9, which not every browser can read and write by itself yet.

/** Takes the button over of a form that says in its data what to do, and with which options. */
export function usePasskey(form) {
  const ask = form.dataset.ceremony === 'create' ? create : get
  const field = name => form.querySelector(`input[name="${name}"]`)
  let isAsking = false
  form.querySelector('[data-passkey]').addEventListener('click', async event => {
    // A passkey that was made before and waits for its name only is sent again as it is.
    if (field('passkey').value) {
      return
    }
    event.preventDefault()
    if (isAsking) {
      return
    }
    isAsking = true
    try {
      const credential = await ask(JSON.parse(form.dataset.options))
      field('passkey').value = JSON.stringify(credential)
    } catch (problem) {
      field('passkey-problem').value = problem.name
    }
    isAsking = false
    HTMLFormElement.prototype.submit.call(form)
  })
}

/** A new passkey. */
async function create(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials.map(known),
    },
  })
  const { response } = credential
  return answer(credential, {
    attestationObject: text(response.attestationObject),
    // Says what keeps the passkey; some browsers cannot tell.
    authenticatorData: response.getAuthenticatorData ? text(response.getAuthenticatorData()) : undefined,
  })
}

/** One of the passkeys that the account has. */
async function get(options) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: options.allowCredentials.map(known),
    },
  })
  const { response } = credential
  return answer(credential, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : undefined,
  })
}

function answer({ id, type, rawId, response }, parts) {
  const clientDataJSON = text(response.clientDataJSON)
  return { id, type, rawId: text(rawId), response: { clientDataJSON, ...parts } }
}

function known({ id, ...others }) {
  return { ...others, id: bytes(id) }
}

/** base64url (RFC 4648 §5), without padding. */
function bytes(text) {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, character => character.charCodeAt(0))
}

function text(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer))
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
