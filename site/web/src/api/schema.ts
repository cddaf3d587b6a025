// Made by `npm run types` from docs/openapi.json, whose schemas are 32f45e7034311d36980c94e358b6ad0d76913c931f830e66a15568266d977448.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * BoundingBox
         * @description A face's box in parts of the upright picture's width and height.
         */
        BoundingBox: {
            /** Left */
            left: number;
            /** Top */
            top: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
        };
        /**
         * ChangedGroup
         * @description What shall be otherwise about a group; what is not named stays.
         */
        ChangedGroup: {
            /** Name */
            name?: string | null;
            /** Description */
            description?: string | null;
            /**
             * Visibility
             * @description `public`: listed. `link`: in nobody's list but its owner's; whoever has the address sees it. `private`: its owner and operators alone see it and its images; reviewers see the images that wait for them.
             */
            visibility?: ("public" | "link" | "private") | null;
            /**
             * Ownername
             * @description Who made the group, as its owner wants to be called. Whoever sees the group sees it; empty for none.
             */
            ownerName?: string | null;
        };
        /**
         * ChangedImage
         * @description What shall be otherwise about an image, something at least; what is not named, or null, stays.
         */
        ChangedImage: {
            /**
             * Title
             * @description Empty for none.
             */
            title?: string | null;
            /**
             * Groupid
             * @description The group that it is moved to.
             */
            groupId?: string | null;
        };
        /**
         * Classification
         * @description The five best labels, best first, and their probabilities. `imageUrl` is null for a posted picture.
         */
        Classification: {
            /** Imageurl */
            imageUrl: string | null;
            /** Top5 */
            top5: string[];
            /** Prob5 */
            prob5: number[];
        };
        /**
         * DriftShift
         * @description A population stability index, what it is below by chance alone in 95 of 100 cases, and the verdict.
         */
        DriftShift: {
            /** Index */
            index: number;
            /** Bychance */
            byChance: number;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "none" | "moderate" | "large";
        };
        /**
         * Face
         * @description A face, with the detector's confidence in percent.
         */
        Face: {
            boundingBox: components["schemas"]["BoundingBox"];
            /** Confidence */
            confidence: number;
        };
        /**
         * FailedImage
         * @description A picture that failed. `thumbnailUrl` is presigned, null where there is none.
         */
        FailedImage: {
            /** Imageid */
            imageId: string;
            /** Title */
            title: string;
            /** Thumbnailurl */
            thumbnailUrl: string | null;
        };
        /**
         * FailureCount
         * @description How many pictures failed with an error, and the newest three of them.
         */
        FailureCount: {
            /** Name */
            name: string;
            /** Count */
            count: number;
            /** Examples */
            examples: components["schemas"]["FailedImage"][];
        };
        /**
         * Figures
         * @description How the stack does, of the pictures that were added in the last `hours`. What is unknown is null, and
         *     `unknown` says why. `countedFrom` is later than `since` where there are more pictures than are counted:
         *     the hours before it are left out.
         */
        Figures: {
            /** Hours */
            hours: number;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Countedfrom
             * Format: date-time
             */
            countedFrom: string;
            /** Pictures */
            pictures: number;
            /** Byhour */
            byHour: components["schemas"]["HourOfPictures"][];
            /** Failures */
            failures: components["schemas"]["FailureCount"][];
            execution: components["schemas"]["StepDuration"];
            /** Steps */
            steps: components["schemas"]["StepDuration"][];
            model: components["schemas"]["Model"] | null;
            /**
             * Pending
             * @description Pictures without a recorded and notified outcome so far.
             */
            pending: number | null;
            /**
             * Undelivered
             * @description Events in the core's dead-letter queue.
             */
            undelivered: number | null;
            cost: components["schemas"]["PeriodCost"] | null;
            /** Links */
            links: components["schemas"]["OperatorLink"][];
            /** Unknown */
            unknown: string[];
        };
        /**
         * FiguresResult
         * @description The figures of a period.
         */
        FiguresResult: {
            result: components["schemas"]["Figures"];
        };
        /**
         * FoundPage
         * @description Some of the pictures that fit. An answer looks at a thousand records at most: where `nextToken` is not
         *     null there may be more, even if few or none are given here; `searchedTo` says until when was looked.
         *     With a sort by confidence the surest or least sure of these are given, `compared` is how many fitted, and
         *     `searchedTo` is null where all were compared.
         */
        FoundPage: {
            /** Items */
            items: components["schemas"]["Image"][];
            /** Nexttoken */
            nextToken?: string | null;
            /** Searchedto */
            searchedTo?: string | null;
            /** Compared */
            compared?: number | null;
        };
        /**
         * Group
         * @description A group of images.
         */
        Group: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Description */
            description: string;
            /** Ownerid */
            ownerId: string;
            /**
             * Ownername
             * @description Who made the group, as its owner wants to be called. Whoever sees the group sees it; empty for none.
             */
            ownerName: string;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Visibility
             * @description `public`: listed. `link`: in nobody's list but its owner's; whoever has the address sees it. `private`: its owner and operators alone see it and its images; reviewers see the images that wait for them.
             * @enum {string}
             */
            visibility: "public" | "link" | "private";
        };
        /**
         * GroupChanged
         * @description The group as it is now.
         */
        GroupChanged: {
            result: components["schemas"]["Group"];
        };
        /**
         * GroupCreated
         * @description The group that was created.
         */
        GroupCreated: {
            newItem: components["schemas"]["Group"];
        };
        /**
         * GroupPage
         * @description Some groups, newest first; `nextToken` asks for more.
         */
        GroupPage: {
            /** Items */
            items: components["schemas"]["Group"][];
            /** Nexttoken */
            nextToken?: string | null;
        };
        /**
         * GroupResult
         * @description One group, and how many images in it the reader may see.
         */
        GroupResult: {
            result: components["schemas"]["Group"];
            images: components["schemas"]["ImageCount"];
        };
        /**
         * History
         * @description An execution's states in the order in which they were entered.
         */
        History: {
            /** Items */
            items: components["schemas"]["HistoryItem"][];
        };
        /**
         * HistoryItem
         * @description One visit to a state of the workflow.
         */
        HistoryItem: {
            /** State */
            state: string;
            /**
             * Status
             * @enum {string}
             */
            status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED" | "TIMED_OUT";
            /**
             * Enteredat
             * Format: date-time
             */
            enteredAt: string;
            /** Exitedat */
            exitedAt?: string | null;
            /**
             * Retries
             * @default 0
             */
            retries: number;
            error?: components["schemas"]["ImageError"] | null;
        };
        /**
         * HourOfPictures
         * @description The pictures that were added in an hour, by what has become of them. `waiting` have no outcome yet.
         */
        HourOfPictures: {
            /**
             * Hour
             * Format: date-time
             */
            hour: string;
            /** Classified */
            classified: number;
            /** Rejected */
            rejected: number;
            /** Inreview */
            inReview: number;
            /** Failed */
            failed: number;
            /** Waiting */
            waiting: number;
        };
        /**
         * Image
         * @description An image and what is known of it. The URLs are presigned and short-lived.
         */
        Image: {
            /** Imageid */
            imageId: string;
            /** Groupid */
            groupId?: string | null;
            /** Ownerid */
            ownerId?: string | null;
            /** Title */
            title: string;
            /**
             * Status
             * @enum {string}
             */
            status: "RECEIVED" | "IN_REVIEW" | "CLASSIFIED" | "REJECTED" | "FAILED";
            /**
             * Uploadstatus
             * @description AWAITED for five minutes after it was announced; NOT_UPLOADED afterwards where the workflow has seen no upload: then its owner alone sees it, for an hour at most.
             * @enum {string}
             */
            uploadStatus: "AWAITED" | "NOT_UPLOADED" | "UPLOADED";
            /**
             * Classifying
             * @description An execution has taken the image up and not ended yet.
             */
            classifying: boolean;
            /** Label */
            label?: string | null;
            /**
             * Labelledby
             * @description Who gave the label.
             */
            labelledBy?: ("model" | "person") | null;
            /** Confidence */
            confidence?: number | null;
            /**
             * Threshold
             * @description The confidence that the picture had to meet.
             */
            threshold?: number | null;
            /**
             * Predictions
             * @default []
             */
            predictions: components["schemas"]["Prediction"][];
            /**
             * Model
             * @description The model's name, where the record has it: of batches and reviews.
             */
            model?: string | null;
            /** Facedetected */
            faceDetected?: boolean | null;
            /**
             * Faces
             * @default []
             */
            faces: components["schemas"]["Face"][];
            error?: components["schemas"]["ImageError"] | null;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /** Updatedat */
            updatedAt?: string | null;
            /**
             * Imageurl
             * @description The original for its owner and for operators; for others the largest copy.
             */
            imageUrl?: string | null;
            /** Annotatedurl */
            annotatedUrl?: string | null;
            /**
             * Displayurl
             * @description A JPEG of at most 2,048 pixels a side, without metadata.
             */
            displayUrl?: string | null;
            /**
             * Previewurl
             * @description A WebP of at most 640 pixels a side.
             */
            previewUrl?: string | null;
            /**
             * Thumbnailurl
             * @description A WebP of at most 320 pixels a side.
             */
            thumbnailUrl?: string | null;
        };
        /**
         * ImageCount
         * @description How many images there are; not `complete` where there are more than were counted.
         */
        ImageCount: {
            /** Count */
            count: number;
            /** Complete */
            complete: boolean;
        };
        /**
         * ImageCreated
         * @description The image's record, and where to send the picture itself.
         */
        ImageCreated: {
            newItem: components["schemas"]["Image"];
            upload: components["schemas"]["Upload"];
        };
        /**
         * ImageError
         * @description Why an image was refused or failed.
         */
        ImageError: {
            /** Name */
            name: string;
            /** Cause */
            cause: string;
        };
        /**
         * ImagePage
         * @description Some of a group's images, newest first; `nextToken` asks for more.
         */
        ImagePage: {
            /** Items */
            items: components["schemas"]["Image"][];
            /** Nexttoken */
            nextToken?: string | null;
        };
        /**
         * ImageResult
         * @description One image.
         */
        ImageResult: {
            result: components["schemas"]["Image"];
        };
        /**
         * Model
         * @description The live model. What it does not say of itself is null or empty, and `unknown` says why.
         */
        Model: {
            /**
             * Name
             * @description What it was trained or packed as.
             */
            name: string;
            /**
             * Version
             * @description SageMaker's name of it, as batches and reviews record it; never used twice.
             */
            version: string;
            /**
             * Share
             * @description Its share of the endpoint's traffic, of several models' the largest.
             */
            share: number;
            /**
             * Createdat
             * Format: date-time
             * @description When SageMaker was given it: the end of its training.
             */
            createdAt: string;
            /**
             * Trained
             * @description Whether this stack trained and evaluated it.
             */
            trained: boolean;
            endpoint: components["schemas"]["ModelEndpoint"];
            /**
             * Threshold
             * @description The confidence that the stack asks of a picture.
             */
            threshold: number;
            labels?: components["schemas"]["ModelLabels"] | null;
            accuracy?: components["schemas"]["ModelAccuracy"] | null;
            input?: components["schemas"]["ModelInput"] | null;
            /** License */
            license?: string | null;
            /**
             * Source
             * @description The data or the weights that it was made of.
             */
            source?: string | null;
            /** Summary */
            summary?: string | null;
            /**
             * Limits
             * @description What it cannot do, by its card.
             */
            limits: string[];
            /** Unknown */
            unknown: string[];
        };
        /**
         * ModelAccuracy
         * @description The share of pictures new to it that it named rightly: in its training's `evaluation`, or as the
         *     `model` itself says. `low` and `high` are the 95 % interval, `pictures` how many there were.
         */
        ModelAccuracy: {
            /** Value */
            value: number;
            /** Low */
            low?: number | null;
            /** High */
            high?: number | null;
            /** Pictures */
            pictures?: number | null;
            /**
             * Measured
             * @enum {string}
             */
            measured: "evaluation" | "model";
        };
        /**
         * ModelEndpoint
         * @description The SageMaker endpoint that serves the model; `status` is SageMaker's word.
         */
        ModelEndpoint: {
            /** Name */
            name: string;
            /** Status */
            status: string;
            /** Inservice */
            inService: boolean;
            /**
             * Changedat
             * Format: date-time
             */
            changedAt: string;
        };
        /**
         * ModelInput
         * @description As what the model sees a picture: in colour or grey, and so many pixels wide and high.
         */
        ModelInput: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "color" | "grey";
            /** Width */
            width: number;
            /** Height */
            height: number;
        };
        /**
         * ModelLabels
         * @description What the model can say: how many labels, and the first thousand; `complete` where these are all.
         */
        ModelLabels: {
            /** Count */
            count: number;
            /** Items */
            items: string[];
            /** Complete */
            complete: boolean;
        };
        /**
         * ModelQuality
         * @description One model version. `uncertain` pictures were below the threshold; a shift is null where there is no
         *     evaluation to compare with, or no picture.
         */
        ModelQuality: {
            /** Audited */
            audited: number;
            /** Wrong */
            wrong: number;
            /** Errorrate */
            errorRate: number | null;
            /** Low */
            low: number | null;
            /** High */
            high: number | null;
            /** Model */
            model: string;
            /** Name */
            name: string;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** Pictures */
            pictures: number;
            /** Uncertain */
            uncertain: number;
            /** Uncertainright */
            uncertainRight: number;
            confidenceShift: components["schemas"]["DriftShift"] | null;
            classShift: components["schemas"]["DriftShift"] | null;
        };
        /**
         * ModelResult
         * @description The live model.
         */
        ModelResult: {
            result: components["schemas"]["Model"];
        };
        /**
         * NewAnswer
         * @description What a person says of a picture: a label, none of them (NONE), or that it is UNUSABLE.
         *
         *     `seconds` is how long they looked at it, `guessShown` whether they saw the model's guess before.
         */
        NewAnswer: {
            /**
             * Choice
             * @enum {string}
             */
            choice: "LABEL" | "NONE" | "UNUSABLE";
            /**
             * Label
             * @default
             */
            label: string;
            /**
             * Guessshown
             * @default false
             */
            guessShown: boolean;
            /** Seconds */
            seconds?: number | null;
        };
        /**
         * NewGroup
         * @description A group to create.
         */
        NewGroup: {
            /** Name */
            name: string;
            /**
             * Description
             * @default
             */
            description: string;
            /**
             * Visibility
             * @description `public`: listed. `link`: in nobody's list but its owner's; whoever has the address sees it. `private`: its owner and operators alone see it and its images; reviewers see the images that wait for them.
             * @default public
             * @enum {string}
             */
            visibility: "public" | "link" | "private";
            /**
             * Ownername
             * @description Who made the group, as its owner wants to be called. Whoever sees the group sees it; empty for none.
             * @default
             */
            ownerName: string;
        };
        /**
         * NewImage
         * @description An image about to be uploaded. Without a title it is named after what is seen in it.
         */
        NewImage: {
            /**
             * Title
             * @default
             */
            title: string;
            /**
             * Filename
             * @default
             */
            fileName: string;
            /**
             * Contenttype
             * @default image/jpeg
             * @enum {string}
             */
            contentType: "image/jpeg" | "image/png" | "image/webp" | "image/gif" | "image/bmp" | "image/tiff" | "image/heic" | "image/heif" | "image/avif";
        };
        /**
         * NextReview
         * @description What a reviewer has seen: labels of the last pictures, so that classes take turns, and reviews that
         *     are already there, which are not given again.
         */
        NextReview: {
            /**
             * Recent
             * @default []
             */
            recent: string[];
            /**
             * Without
             * @default []
             */
            without: string[];
            /**
             * Showguess
             * @default false
             */
            showGuess: boolean;
        };
        /**
         * OperatorLink
         * @description A page of AWS's console.
         */
        OperatorLink: {
            /** Name */
            name: string;
            /** Url */
            url: string;
        };
        /**
         * PeriodCost
         * @description Dollars at published prices, by service, of what is counted. `notIncluded` names the rest.
         */
        PeriodCost: {
            /** Total */
            total: number;
            /** Services */
            services: {
                [key: string]: number;
            };
            /** Pricesread */
            pricesRead: string;
            /** Notincluded */
            notIncluded: string[];
        };
        /**
         * Prediction
         * @description A label and its score, from 0 to 1.
         */
        Prediction: {
            /** Label */
            label: string;
            /** Score */
            score: number;
        };
        /**
         * Problem
         * @description Why a request was not served.
         */
        Problem: {
            /** Error */
            error: string;
        };
        /**
         * Quality
         * @description How good the model is out there. `kappa` is null where nobody looked at a picture that somebody else
         *     had looked at; `truncated` where there is more than was read.
         */
        Quality: {
            /** Audited */
            audited: number;
            /** Wrong */
            wrong: number;
            /** Errorrate */
            errorRate: number | null;
            /** Low */
            low: number | null;
            /** High */
            high: number | null;
            /** Days */
            days: number;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Kappa
             * @description Fleiss' kappa: agreement beyond chance.
             */
            kappa: number | null;
            /** Lookedattwice */
            lookedAtTwice: number;
            /** Answers */
            answers: number;
            /** People */
            people: number;
            /** Answersapersonanhour */
            answersAPersonAnHour: number | null;
            /** Weeks */
            weeks: components["schemas"]["WeekQuality"][];
            /** Models */
            models: components["schemas"]["ModelQuality"][];
            /** Truncated */
            truncated: boolean;
        };
        /**
         * QualityResult
         * @description The figures of a period.
         */
        QualityResult: {
            result: components["schemas"]["Quality"];
        };
        /**
         * RetryImage
         * @description How an image is classified again: with the confidence that it must meet, or the stack's own.
         */
        RetryImage: {
            /**
             * Threshold
             * @description For this time alone; the record says which it was.
             */
            threshold?: number | null;
        };
        /**
         * Review
         * @description A picture that waits for a person. The URL is presigned and short-lived; `guess` is the model's, best
         *     first, where it was asked for.
         */
        Review: {
            /** Reviewid */
            reviewId: string;
            /** Imageid */
            imageId: string;
            /** Filename */
            fileName: string;
            /** Imageurl */
            imageUrl?: string | null;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Expiresat
             * Format: date-time
             */
            expiresAt: string;
            /**
             * Leaseuntil
             * Format: date-time
             */
            leaseUntil: string;
            /**
             * Guess
             * @default []
             */
            guess: components["schemas"]["Prediction"][];
        };
        /**
         * ReviewAnswered
         * @description The model's guess, best first, and until when the answer can be taken back.
         */
        ReviewAnswered: {
            /** Guess */
            guess: components["schemas"]["Prediction"][];
            /**
             * Undountil
             * Format: date-time
             */
            undoUntil: string;
        };
        /**
         * ReviewLeased
         * @description Until when nobody else gets the picture.
         */
        ReviewLeased: {
            /**
             * Leaseuntil
             * Format: date-time
             */
            leaseUntil: string;
        };
        /**
         * ReviewNext
         * @description The next picture, null where none waits for this reviewer, and how many wait for anybody.
         */
        ReviewNext: {
            result: components["schemas"]["Review"] | null;
            /** Waiting */
            waiting: number;
        };
        /**
         * ReviewResult
         * @description One picture that waits.
         */
        ReviewResult: {
            result: components["schemas"]["Review"];
        };
        /**
         * ReviewSummary
         * @description How many pictures wait for a person, and the labels that models and people have given so far.
         */
        ReviewSummary: {
            /** Waiting */
            waiting: number;
            /** Labels */
            labels: string[];
        };
        /**
         * Run
         * @description A batch run. `figures` are null while there is no report.
         */
        Run: {
            /** Run */
            run: string;
            /**
             * Status
             * @enum {string}
             */
            status: "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED" | "PENDING_REDRIVE";
            /**
             * Startedat
             * Format: date-time
             */
            startedAt: string;
            /** Endedat */
            endedAt?: string | null;
            figures?: components["schemas"]["RunFigures"] | null;
        };
        /**
         * RunDetail
         * @description A run with its progress and its report. `consoleUrl` is null locally, where there is no console.
         */
        RunDetail: {
            /** Run */
            run: string;
            /**
             * Status
             * @enum {string}
             */
            status: "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED" | "PENDING_REDRIVE";
            /**
             * Startedat
             * Format: date-time
             */
            startedAt: string;
            /** Endedat */
            endedAt?: string | null;
            figures?: components["schemas"]["RunFigures"] | null;
            progress?: components["schemas"]["RunProgress"] | null;
            plan?: components["schemas"]["RunPlan"] | null;
            error?: components["schemas"]["ImageError"] | null;
            report: components["schemas"]["RunReport"];
            /** Executionarn */
            executionArn: string;
            /** Consoleurl */
            consoleUrl?: string | null;
        };
        /**
         * RunFigures
         * @description What a run's report counts. `cost` is in dollars at published prices, without the endpoint's own.
         */
        RunFigures: {
            /** Pictures */
            pictures: number;
            /** Classified */
            classified: number;
            /** Rejected */
            rejected: number;
            /** Failed */
            failed: number;
            /** Model */
            model?: string | null;
            /** On */
            on?: string | null;
            /** Threshold */
            threshold?: number | null;
            /** Errors */
            errors: {
                [key: string]: number;
            };
            /** Cost */
            cost?: number | null;
            /** Durationms */
            durationMs?: number | null;
        };
        /**
         * RunPage
         * @description Some runs, newest first; `nextToken` asks for more. `reason` says why there are none to tell of.
         */
        RunPage: {
            /** Items */
            items: components["schemas"]["Run"][];
            /** Nexttoken */
            nextToken?: string | null;
            /** Reason */
            reason?: string | null;
        };
        /**
         * RunPlan
         * @description What a run was to do. `source` is where its pictures are, as S3 names it.
         */
        RunPlan: {
            /** Source */
            source?: string | null;
            /** On */
            on?: string | null;
            /** Endpoint */
            endpoint?: string | null;
            /** Model */
            model?: string | null;
            /** Threshold */
            threshold?: number | null;
            /** Concurrency */
            concurrency?: number | null;
        };
        /**
         * RunProgress
         * @description In which state of the workflow a run is, and its pictures by what became of their batches; `total` is
         *     null until the pictures are listed.
         */
        RunProgress: {
            /** State */
            state: string;
            /** Total */
            total?: number | null;
            /** Done */
            done: number;
            /** Failed */
            failed: number;
            /** Startedat */
            startedAt?: string | null;
        };
        /**
         * RunReport
         * @description Presigned addresses of the report's files; null where a run has not written one.
         */
        RunReport: {
            /**
             * Pageurl
             * @description summary.html: for people, needs no network.
             */
            pageUrl?: string | null;
            /**
             * Summaryurl
             * @description summary.json.
             */
            summaryUrl?: string | null;
            /**
             * Resultsurl
             * @description results.csv: a row a picture.
             */
            resultsUrl?: string | null;
            /**
             * Failedurl
             * @description failed.csv: a source for another run.
             */
            failedUrl?: string | null;
            /**
             * Parqueturl
             * @description results.parquet.
             */
            parquetUrl?: string | null;
        };
        /**
         * RunResult
         * @description One run.
         */
        RunResult: {
            result: components["schemas"]["RunDetail"];
        };
        /**
         * StepDuration
         * @description A step's function: how often it ran and failed, and how long it took in milliseconds. Null where
         *     CloudWatch has no figures of it.
         */
        StepDuration: {
            /** Step */
            step: string;
            /** Invocations */
            invocations: number | null;
            /** Errors */
            errors: number | null;
            /** P50 */
            p50: number | null;
            /** P95 */
            p95: number | null;
        };
        /**
         * Upload
         * @description A presigned POST: send `fields` and then the picture, named `file`, as multipart/form-data to `url`.
         */
        Upload: {
            /** Url */
            url: string;
            /** Fields */
            fields: {
                [key: string]: string;
            };
            /** Maxbytes */
            maxBytes: number;
            /**
             * Expiresat
             * Format: date-time
             */
            expiresAt: string;
        };
        /**
         * WeekQuality
         * @description A week, as ISO 8601 numbers it: pictures that the model answered for, those that a person decided.
         */
        WeekQuality: {
            /** Week */
            week: string;
            /** Pictures */
            pictures: number;
            /** Reviewed */
            reviewed: number;
            /** Share */
            share: number | null;
        };
        /**
         * GatewayProblem
         * @description Why API Gateway itself refused a request.
         */
        GatewayProblem: {
            message: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
