/** Shortest password that the platform takes, and the length that OWASP ASVS 6.2.1 recommends; in characters. */
const LEAST = 8;
const GOOD = 15;

/** How many characters there are, as the platform counts them: an emoji is one of them. */
const length = (text: string) => Array.from(text).length;

/** What a new password must be, said before it is sent. The platform checks all of it; the length shows at once. */
export function PasswordRules({ password }: { password: string }) {
  const characters = length(password);
  const met = characters >= LEAST;
  return (
    <ul className="rules">
      <li data-met={met || undefined}>
        At least {LEAST} characters; {GOOD} or more are better, a few words, say
        {characters > 0 && (
          <span className="figures"> ({characters} so far)</span>
        )}
      </li>
      <li>Any characters, spaces too</li>
      <li>Neither a common password nor made of your name or e-mail address</li>
    </ul>
  );
}
