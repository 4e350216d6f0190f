// A device that keeps passkeys, as Chromium pretends to have one (WebAuthn Level 3 §11).

export class Authenticator {
  /**
   * Gives a tab a device whose owner unlocks it when they are asked to.
   *
   * @param isSynced whether its passkeys are shared with the owner's other devices
   */
  static async of(page, { isSynced = true } = {}) {
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        defaultBackupEligibility: isSynced,
        defaultBackupState: isSynced,
      },
    })
    return new Authenticator(session, authenticatorId)
  }

  constructor(session, authenticatorId) {
    this.session = session
    this.authenticatorId = authenticatorId
  }

  /** From now on its owner does not unlock it, which a browser tells as it tells of Cancel. */
  isCancelled() {
    return this.#send('setUserVerified', { isUserVerified: false })
  }

  /** From now on its owner unlocks it again. */
  isUnlocked() {
    return this.#send('setUserVerified', { isUserVerified: true })
  }

  /** The passkeys that it keeps. */
  async passkeys() {
    const { credentials } = await this.#send('getCredentials')
    return credentials
  }

  /** Takes over the passkeys of another device, counters included. */
  async copies(other) {
    for (const credential of await other.passkeys()) {
      await this.#send('addCredential', { credential })
    }
  }

  #send(command, parameters = {}) {
    return this.session.send(`WebAuthn.${command}`, { authenticatorId: this.authenticatorId, ...parameters })
  }
}
