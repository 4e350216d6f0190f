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
