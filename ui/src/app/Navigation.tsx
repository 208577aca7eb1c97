import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, type NavigateOptions } from "@tanstack/react-router";
import { meQuery } from "../api/queries";
import { Icon } from "../parts/Icon";
import { useActions, type Action } from "./actions";
import { PAGE_GROUPS, pagesFrom } from "./pages";
import type { Here } from "./place";
import { written } from "./shortcut";

/** The pages one may go to, by group; each is an action too. */
export function Navigation({ here }: { here: Here }) {
  const navigate = useNavigate();
  const me = useQuery(meQuery).data;
  const pages = pagesFrom(here, me);

  useActions(
    pages.map(
      ({ page, link }): Action => ({
        id: `go.${page.id}`,
        title: page.title,
        group: "Go to",
        icon: page.icon,
        shortcut: page.shortcut,
        ...(page.words !== undefined && { words: page.words }),
        run: () => void navigate(link as NavigateOptions),
      }),
    ),
  );

  return (
    <nav className="nav" aria-label="Pages">
      {PAGE_GROUPS.map((group) => {
        const own = pages.filter(({ page }) => page.group === group);
        if (own.length === 0) return null;
        return (
          <section key={group} className="nav-group" aria-label={group}>
            <h2>{group}</h2>
            {own.map(({ page, link }) => (
              <Link
                key={page.id}
                {...link}
                activeOptions={{ includeSearch: false, exact: page.id === "clients" || page.id === "engagements" }}
                title={`${page.title} (${written(page.shortcut)})`}
              >
                <Icon name={page.icon} />
                <span>{page.title}</span>
              </Link>
            ))}
          </section>
        );
      })}
    </nav>
  );
}
