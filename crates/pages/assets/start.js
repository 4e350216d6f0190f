// Runs as the first thing in the body, before anything is painted (a classic script: modules
// wait for the whole page). Styles show or hide what needs JavaScript by these classes.
// Inline, it would break the page's content security policy.
const classes = document.body.classList
classes.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) {
  classes.add('govuk-frontend-supported')
}
// A browser that can use passkeys is offered them first.
if ('PublicKeyCredential' in window) {
  classes.add('app-passkeys')
}

// What sends the person on by itself is here too, and so works where modules do not.
document.addEventListener('DOMContentLoaded', () => {
  // A response that the relying service must receive as a POST (OAuth 2.0 Form Post Response
  // Mode). Without JavaScript the person presses the form's button. Taken from the prototype,
  // because a field named "submit" would hide the form's own method.
  for (const form of document.querySelectorAll('form[data-submit-at-once]')) {
    HTMLFormElement.prototype.submit.call(form)
  }

  // While services are told in frames that the person has signed out: on when all have loaded, or
  // after three seconds (OpenID Connect Front-Channel Logout 1.0 §3).
  for (const link of document.querySelectorAll('a[data-module~="app-go-on"]')) {
    let isGoing = false
    const goOn = () => {
      if (!isGoing) window.location.replace(link.href)
      isGoing = true
    }
    window.addEventListener('load', goOn, { once: true })
    setTimeout(goOn, 3000)
  }
})
