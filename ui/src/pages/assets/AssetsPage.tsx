import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { assetsQuery, overviewQuery, type AssetFilter, type Count } from "../../api/queries";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Menu, MenuChoice } from "../../parts/Menu";
import { ProblemView } from "../../parts/ProblemView";
import { counted, figure, filterLabel, NONE } from "../../words";
import { AssetGrid } from "./AssetGrid";
import "./assets.css";

const ROUTE = "/signed-in/clients/$clientId/engagements/$engagementId/assets";
const PAUSE_MS = 250;
/** The menu value that stands for no filter; it can't be a stored value. */
const ANY = "";

type Choice = Exclude<keyof AssetFilter, "q">;

const CHOICES: readonly { name: Choice; title: string; counts: "by_type" | "by_environment" | "by_criticality" | "by_status" }[] = [
  { name: "type", title: "Type", counts: "by_type" },
  { name: "environment", title: "Environment", counts: "by_environment" },
  { name: "criticality", title: "Criticality", counts: "by_criticality" },
  { name: "status", title: "Status", counts: "by_status" },
];

function SearchBox({ value, onSearch }: { value: string | undefined; onSearch: (q: string | undefined) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);

  // Follows the URL, except where the URL follows the typing.
  useEffect(() => {
    if (sent.current === value || input.current === null) return;
    sent.current = value;
    input.current.value = value ?? "";
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = () => {
    clearTimeout(timer.current);
    const typed = input.current?.value.trim() ?? "";
    const q = typed === "" ? undefined : typed;
    if (q === sent.current) return;
    sent.current = q;
    onSearch(q);
  };

  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Search assets"
        placeholder="Search assets"
        autoComplete="off"
        spellCheck={false}
        defaultValue={value}
        onChange={() => {
          clearTimeout(timer.current);
          timer.current = setTimeout(search, PAUSE_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") search();
        }}
      />
    </div>
  );
}

interface FilterProps {
  title: string;
  value: string | undefined;
  counts: Count[] | undefined;
  onChoose: (value: string | undefined) => void;
}

function FilterMenu({ title, value, counts = [], onChoose }: FilterProps) {
  const options = counts.map((count) => ({
    value: count.value ?? NONE,
    label: filterLabel(count.value ?? NONE),
    note: figure(count.count),
  }));
  // A value of the URL that no asset has is still what is chosen.
  if (value !== undefined && !options.some((option) => option.value === value)) {
    options.push({ value, label: filterLabel(value), note: "0" });
  }
  return (
    <Menu
      trigger={
        <Button className="filter" data-set={value !== undefined || undefined}>
          {title}
          <Icon name="chevron" />
        </Button>
      }
    >
      <MenuChoice
        value={value ?? ANY}
        onChoose={(next) => onChoose(next === ANY ? undefined : next)}
        options={[{ value: ANY, label: `Any ${title.toLowerCase()}` }, ...options]}
      />
    </Menu>
  );
}

function Chip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <li className="chip">
      <span>
        {name}: <strong>{value}</strong>
      </span>
      <button type="button" aria-label={`Remove the filter ${name}: ${value}`} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </li>
  );
}

/** The assets of an engagement, filtered by the URL. */
export function AssetsPage() {
  const place = useParams({ from: ROUTE });
  const { type, environment, criticality, status, q } = useSearch({ from: ROUTE });
  const filter: AssetFilter = { type, environment, criticality, status, q };
  const navigate = useNavigate({ from: "/clients/$clientId/engagements/$engagementId/assets" });

  const overview = useQuery(overviewQuery(place)).data;
  const query = useInfiniteQuery(assetsQuery(place, filter));
  const { data, fetchNextPage, hasNextPage, isFetchNextPageError, isFetchingNextPage } = query;

  const assets = useMemo(() => data?.pages.flatMap((page) => page.assets) ?? [], [data]);
  const total = data?.pages[0]?.total;
  const filtered = (q ?? type ?? environment ?? criticality ?? status) !== undefined;

  const needMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError]);

  const set = (name: keyof AssetFilter, value: string | undefined, replace = false) =>
    void navigate({ search: (before) => ({ ...before, [name]: value }), replace });
  const clear = () => void navigate({ search: {} });

  if (query.isLoadingError) {
    return (
      <ProblemView error={query.error} onRetry={() => void query.refetch()}>
        {filtered && <Button onClick={clear}>Clear filters</Button>}
      </ProblemView>
    );
  }

  return (
    <div className="assets">
      <header className="page-head assets-head">
        <h1>Assets</h1>
        <p className="quiet figures" role="status">
          {total !== undefined && counted(total, filtered ? "matching asset" : "asset")}
        </p>
      </header>
      <div className="filters">
        <SearchBox value={q} onSearch={(typed) => set("q", typed, true)} />
        {CHOICES.map(({ name, title, counts }) => (
          <FilterMenu
            key={name}
            title={title}
            value={filter[name]}
            counts={overview?.[counts]}
            onChoose={(value) => set(name, value)}
          />
        ))}
      </div>
      {filtered && (
        <ul className="chips" aria-label="Filters">
          {CHOICES.map(({ name, title }) => {
            const value = filter[name];
            if (value === undefined) return null;
            return <Chip key={name} name={title} value={filterLabel(value)} onRemove={() => set(name, undefined)} />;
          })}
          {q !== undefined && <Chip name="Search" value={q} onRemove={() => set("q", undefined)} />}
          <li>
            <Button look="quiet" onClick={clear}>
              Clear filters
            </Button>
          </li>
        </ul>
      )}
      <div className="grid-frame" data-empty={total === 0 || undefined}>
        <AssetGrid
          key={JSON.stringify([place, filter])}
          assets={assets}
          total={total}
          onNeedMore={needMore}
        />
        {total === 0 &&
          (filtered ? (
            <Empty title="No asset matches">
              <p>This engagement has no asset with these filters.</p>
              <Button onClick={clear}>Clear filters</Button>
            </Empty>
          ) : (
            <Empty title="No assets yet">
              <p>
                An asset is a server, an application, a database or anything else to be moved. They come with the first
                data import of this engagement.
              </p>
              <Link to="/clients/$clientId/engagements" params={{ clientId: place.clientId }} className="button button-plain">
                See the other engagements
              </Link>
            </Empty>
          ))}
      </div>
      {isFetchNextPageError && (
        <div className="grid-problem" role="alert">
          <span>The next assets could not be read.</span>
          <Button onClick={() => void fetchNextPage()}>Try again</Button>
        </div>
      )}
    </div>
  );
}
