import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate, type NavigateOptions } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
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
  const strip = useRef<HTMLElement>(null);
  const path = useLocation({ select: ({ pathname }) => pathname });

  // On a narrow screen the pages stand in one line, wider than it: the one that is open is brought into sight.
  useEffect(() => {
    const [box, open] = [strip.current, strip.current?.querySelector<HTMLElement>("[aria-current]")];
    if (box === null || open == null || box.scrollWidth <= box.clientWidth) return;
    box.scrollLeft = open.offsetLeft - (box.clientWidth - open.offsetWidth) / 2;
  }, [path, pages.length]);

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
    <nav ref={strip} className="nav" aria-label="Pages">
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
